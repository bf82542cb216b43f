import AMQP
import LambdaAMQP
import LambdaMessages
import NIOCore
import TestSupport

/// What a test does with a function's queues for events, over a connection of its own.
struct EventBroker: Sendable {
    let uri: String
    let name: String

    /// Publishes an event for whose answer nobody waits, and returns its request id.
    @discardableResult
    func invoke(_ event: String) async throws -> String {
        try await self.connected { connection in
            let client = try await LambdaClient(connection: connection)
            let id = try await client.invokeEvent(self.name, payload: ByteBuffer(string: event))
            await client.close()
            return id
        }
    }

    /// Publishes many at once.
    func invoke(_ event: String, count: Int) async throws {
        try await self.connected { connection in
            let client = try await LambdaClient(connection: connection)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<count {
                    group.addTask {
                        _ = try await client.invokeEvent(self.name, payload: ByteBuffer(string: event))
                    }
                }
                try await group.waitForAll()
            }
            await client.close()
        }
    }

    /// Publishes a message as it is.
    func publish(_ body: String, to queue: String, _ properties: AMQPProperties = AMQPProperties()) async throws {
        try await self.connected { connection in
            let channel = try await connection.openChannel()
            try await channel.selectConfirms()
            try await channel.publishConfirmed(
                AMQPMessage(body, properties: properties), routingKey: AMQPShortString(queue))
        }
    }

    /// How many messages wait in a queue, which may not be there.
    func messages(in queue: String) async throws -> Int {
        try await self.connected { connection in
            let channel = try await connection.openChannel()
            return try await channel.checkQueue(queue).messageCount
        }
    }

    /// How many consumers a queue has.
    func consumers(of queue: String) async throws -> Int {
        try await self.connected { connection in
            let channel = try await connection.openChannel()
            return try await channel.checkQueue(queue).consumerCount
        }
    }

    /// Takes one message out of a queue.
    func take(from queue: String) async throws -> AMQPFetchedMessage? {
        try await self.connected { connection in
            let channel = try await connection.openChannel()
            let message = try await channel.get(queue: queue)
            if let message { try await channel.ack(message) }
            try await channel.close()
            return message
        }
    }

    /// Declares a queue, for a destination.
    func declare(_ queue: String) async throws {
        try await self.connected { connection in
            let channel = try await connection.openChannel()
            try await channel.declareQueue(AMQPQueueDeclaration(name: queue))
        }
    }

    func deadLetters() async throws -> [DeadLetter] {
        try await self.connected { connection in
            var letters: [DeadLetter] = []
            try await DeadLetterQueue(connection: connection, function: self.name).forEach { letters.append($0) }
            return letters
        }
    }

    /// Deletes the function's queues.
    func remove(retries: [Int] = []) async throws {
        try await self.connected { connection in
            let names = [self.name, self.name + ".async", self.name + ".dead-letter"]
            for queue in names + retries.map({ "\(self.name).retry.\($0)" }) {
                _ = try? await connection.openChannel().deleteQueue(queue)
            }
        }
    }

    private func connected<Value>(_ body: (AMQPConnection) async throws -> Value) async throws -> Value {
        let connection = try await AMQPConnection.connect(AMQPConfiguration(uri: self.uri))
        do {
            let value = try await body(connection)
            await connection.close()
            return value
        } catch {
            await connection.close()
            throw error
        }
    }
}
