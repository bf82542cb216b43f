import AMQP
import Foundation

/// Publishes many messages so that none is lost: each is confirmed by the broker. usage: batch-publisher [COUNT]
@main
struct BatchPublisher {
    private static let batchSize = 500

    static func main() async throws {
        let uri = ProcessInfo.processInfo.environment["AMQP_URI"] ?? "amqp://localhost"
        let count = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 20_000
        let connection = try await AMQPConnection.connect(AMQPConfiguration(uri: uri))
        let channel = try await connection.openChannel()
        try await channel.selectConfirms()
        let queue = try await channel.declareQueue(
            AMQPQueueDeclaration(name: "batch-publisher", arguments: ["x-expires": .int32(600_000)]))

        let start = ContinuousClock.now
        for first in stride(from: 0, to: count, by: Self.batchSize) {
            let batch = (first..<min(first + Self.batchSize, count)).map { number in
                AMQPPublishing(
                    AMQPMessage("message \(number)", properties: AMQPProperties(contentType: "text/plain", isPersistent: true)),
                    routingKey: "batch-publisher")
            }
            // One round trip for the whole batch; what the broker has not taken is named.
            for failure in await channel.publishConfirmed(batch) {
                print("message \(first + failure.index) is not safe: \(failure.error)")
            }
        }
        let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
        print("\(count) messages confirmed in \(Int(milliseconds)) ms, \(queue.messageCount) were there before")
        print("\(try await channel.purgeQueue("batch-publisher")) messages in the queue; now none")
        try await channel.deleteQueue("batch-publisher")
        await connection.close()
    }
}
