import AMQP
import LambdaAMQP
import NIOCore

/// Keeps a number of events outstanding, until the broker has confirmed all of them: by `invokeEvent`, or by
/// `publishConfirmed` on one channel, which is the least that it could cost.
enum EventLoad {
    /// - Returns: Events a second.
    static func run(
        _ uri: String, _ function: String, count: Int, _ outstanding: Int, _ event: ByteBuffer, confirmed: Bool
    ) async throws -> Int {
        let connection = try await AMQPConnection.connect(try AMQPConfiguration(uri: uri))
        let channel = try await connection.openChannel()
        try await channel.selectConfirms()
        // Gone with the connection; the oldest events are dropped, so that the broker's memory does not grow.
        let queue = AMQPQueueDeclaration(
            name: function + ".async", isDurable: false, isExclusive: true, arguments: ["x-max-length": 10_000])
        try await channel.declareQueue(queue)
        let seconds: Double
        if confirmed {
            var properties = AMQPProperties(
                contentType: "application/json", isPersistent: true, headers: ["X-Amz-Invocation-Type": "Event"])
            properties.messageID = "00000000-0000-4000-8000-000000000000"
            properties.timestamp = 1_800_000_000
            let message = AMQPMessage(event, properties: properties)
            let routingKey = AMQPShortString(queue.name)
            seconds = try await self.measure(count, outstanding) {
                try await channel.publishConfirmed(message, routingKey: routingKey)
            }
        } else {
            let lambda = try await LambdaClient(connection: connection)
            seconds = try await self.measure(count, outstanding) {
                _ = try await lambda.invokeEvent(function, payload: event)
            }
            await lambda.close()
        }
        await connection.close()
        return Int(Double(count) / seconds)
    }

    private static func measure(
        _ count: Int, _ outstanding: Int, _ publish: @escaping @Sendable () async throws -> Void
    ) async throws -> Double {
        // Connections, caches and the allocator have had their first event.
        try await self.publish(min(count, 1000), outstanding, publish)
        let start = ContinuousClock.now
        try await self.publish(count, outstanding, publish)
        return (ContinuousClock.now - start) / .seconds(1)
    }

    private static func publish(
        _ count: Int, _ outstanding: Int, _ publish: @escaping @Sendable () async throws -> Void
    ) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for first in 0..<min(outstanding, count) {
                group.addTask {
                    for _ in stride(from: first, to: count, by: outstanding) { try await publish() }
                }
            }
        }
    }
}
