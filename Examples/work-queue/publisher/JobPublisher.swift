import AMQP
import Foundation
import NIOCore

/// Gives jobs to the workers, or shows those that failed. usage: job-publisher PICTURE… | job-publisher --failed
@main
struct JobPublisher {
    static func main() async throws {
        let uri = ProcessInfo.processInfo.environment["AMQP_URI"] ?? "amqp://localhost"
        let connection = try await AMQPConnection.connect(AMQPConfiguration(uri: uri))
        let channel = try await connection.openChannel()
        let arguments = Array(CommandLine.arguments.dropFirst())
        let isDone =
            arguments == ["--failed"]
            ? try await Self.showFailed(channel) : try await Self.publish(arguments, to: "pictures", channel)
        await connection.close()
        if !isDone { exit(1) }
    }

    /// Returns when the broker has every job on its disk, or has said why not.
    private static func publish(_ names: [String], to queue: String, _ channel: AMQPChannel) async throws -> Bool {
        try await channel.selectConfirms()
        let properties = AMQPProperties(contentType: "text/plain", isPersistent: true)
        let failures = await channel.publishConfirmed(
            names.map { AMQPPublishing(AMQPMessage($0, properties: properties), routingKey: queue) })
        for failure in failures { print("\(names[failure.index]) is not safe: \(failure.error)") }
        print("\(names.count - failures.count) jobs are safe")
        return failures.isEmpty
    }

    /// Takes the failed jobs one by one, with why each is there.
    private static func showFailed(_ channel: AMQPChannel) async throws -> Bool {
        while let job = try await channel.get(queue: "pictures.failed") {
            // The broker's own header: the latest death comes first.
            let death = job.properties.headers?["x-death"]?.arrayValue?.first?.tableValue
            let (reason, queue) = (death?["reason"]?.stringValue ?? "?", death?["queue"]?.stringValue ?? "?")
            print("\(String(buffer: job.body)): \(reason) from \(queue)")
            try await channel.ack(job)
        }
        return true
    }
}
