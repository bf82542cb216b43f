import AMQP
import NIOCore

// Publishes messages in confirmed batches until the broker holds all of them, and prints how many a second that were.
//
// usage: confirmed-publish URI QUEUE COUNT BYTES WINDOW transient|persistent
//
// The queue is declared, and deleted at the end. WINDOW messages wait for their confirm at a time, as two batches.

@main struct ConfirmedPublish {
    struct Failure: Error {
        let what: String
    }

    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 7, let count = Int(arguments[3]), let byteCount = Int(arguments[4]),
            let window = Int(arguments[5]), count > 0, byteCount >= 0, window > 1
        else { throw Failure(what: "usage: confirmed-publish URI QUEUE COUNT BYTES WINDOW transient|persistent") }
        let connection = try await AMQPConnection.connect(try AMQPConfiguration(uri: arguments[1]))
        let channel = try await connection.openChannel()
        try await channel.selectConfirms()
        try await channel.declareQueue(AMQPQueueDeclaration(name: arguments[2]))
        let message = AMQPMessage(
            ByteBuffer(repeating: UInt8(ascii: "x"), count: byteCount),
            properties: AMQPProperties(contentType: nil, isPersistent: arguments[6] == "persistent"))
        let publishing = AMQPPublishing(message, routingKey: AMQPShortString(arguments[2]), isMandatory: false)

        let began = ContinuousClock.now
        try await Self.publish(publishing, count: count, batch: window / 2, on: channel)
        let held = try await channel.checkQueue(arguments[2]).messageCount
        let seconds = (ContinuousClock.now - began) / .seconds(1)

        try await channel.deleteQueue(arguments[2])
        await connection.close()
        guard held == count else { throw Failure(what: "the queue holds \(held) of \(count) messages") }
        print(Int(Double(count) / seconds))
    }

    /// Two tasks take turns, so that the broker has the next batch while one is confirmed.
    private static func publish(
        _ publishing: AMQPPublishing, count: Int, batch: Int, on channel: AMQPChannel
    ) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for half in [count / 2, count - count / 2] {
                group.addTask {
                    let messages = Array(repeating: publishing, count: batch)
                    var left = half
                    while left > 0 {
                        let failures = await channel.publishConfirmed(
                            left < batch ? Array(messages.prefix(left)) : messages)
                        if let failure = failures.first { throw failure }
                        left -= batch
                    }
                }
            }
        }
    }
}
