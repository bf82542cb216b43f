import AMQP
import Foundation
import NIOCore
import TestSupport
import Testing

/// What a consumer's reader may do, against a real RabbitMQ.
@Suite(.timeLimit(.minutes(1))) struct AMQPConsumerTests {
    private let name = "test-consumer-\(UUID().uuidString)"

    private var key: AMQPShortString { AMQPShortString(self.name) }

    /// Runs `body` with a queue that holds so many messages, and deletes it.
    private func withQueue(
        messageCount: Int, _ configuration: AMQPConfiguration? = nil,
        _ body: (AMQPChannel, AMQPConnection) async throws -> Void
    ) async throws {
        let connection = try await IntegrationBroker.connect(configuration)
        let channel = try await connection.openChannel()
        try await channel.selectConfirms()
        try await channel.declareQueue(AMQPQueueDeclaration(name: self.name))
        let batch = (0..<messageCount).map { AMQPPublishing(AMQPMessage("\($0)"), routingKey: self.key) }
        #expect(await channel.publishConfirmed(batch).isEmpty)
        var failure: (any Error)?
        do {
            try await body(channel, connection)
        } catch {
            failure = error
        }
        let cleaner = try await connection.openChannel()
        try await cleaner.deleteQueue(self.name)
        await connection.close()
        if let failure { throw failure }
    }

    @Test func aReaderThatLeavesGivesBackWhatItHasNotTaken() async throws {
        try await self.withQueue(messageCount: 10) { channel, connection in
            let observer = try await connection.openChannel()
            let reader = try await connection.openChannel()
            var consumer: AMQPConsumer? = try await reader.consume(AMQPConsumption(queue: self.name))
            try await waitUntil { try await observer.checkQueue(self.name).messageCount == 0 }
            if let messages = consumer {
                for try await delivery in messages {
                    #expect(try await reader.ack(delivery))
                    break
                }
            }
            consumer = nil
            try await waitUntil { try await observer.checkQueue(self.name).messageCount == 9 }
            let again = try #require(try await channel.get(queue: self.name))
            #expect(String(buffer: again.body) == "1" && again.isRedelivered)
            // The channel is as good as before.
            #expect(try await reader.checkQueue(self.name).messageCount == 8)
        }
    }

    @Test(arguments: [nil, 5000] as [UInt16?])
    func aReaderMayWaitForItsOwnConnectionHoweverMuchItIsDelivered(prefetch: UInt16?) async throws {
        try await self.withQueue(messageCount: 3000) { channel, connection in
            let reader = try await connection.openChannel()
            var count = 0
            for try await delivery in try await reader.consume(AMQPConsumption(queue: self.name, prefetch: prefetch)) {
                // Answered by the connection that the deliveries come by.
                if count.isMultiple(of: 500) { try await channel.checkQueue(self.name) }
                try await reader.ack(delivery)
                count += 1
                if count == 3000 { break }
            }
            #expect(count == 3000)
        }
    }

    @Test func aTagThatIsInUseIsRefusedAndItsConsumerStaysAsItIs() async throws {
        try await self.withQueue(messageCount: 1) { channel, connection in
            let reader = try await connection.openChannel()
            try await reader.declareQueue(AMQPQueueDeclaration(name: "\(self.name)-other", isExclusive: true))
            let consumer = try await reader.consume(AMQPConsumption(queue: self.name, consumerTag: "consumer-1"))
            let error = await #expect(throws: AMQPError.self) {
                try await reader.consume(AMQPConsumption(queue: self.name, consumerTag: "consumer-1"))
            }
            #expect(error?.code == .invalidArgument)
            // A name that is made is another one.
            let other = try await reader.consume(AMQPConsumption(queue: "\(self.name)-other"))
            #expect(other.consumerTag != consumer.consumerTag)
            var messages = consumer.makeAsyncIterator()
            let first = try #require(try await messages.next())
            try await connection.eventLoop.submit {
                connection.link?.abort(AMQPError(.connectionLost, "cut by the test"))
            }.get()
            #expect(try await messages.next()?.isRedelivered == true)
            // It came by the lost connection: there is nothing to acknowledge.
            #expect(try await reader.ack(first) == false)
        }
    }

    /// The queues answer the consumers, and the channel everything else: in any order.
    @Test func manyTasksMayUseOneChannelAtOnce() async throws {
        try await self.withQueue(messageCount: 0) { channel, connection in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<50 {
                    group.addTask {
                        let name = "\(self.name)-\(number)"
                        try await channel.declareQueue(AMQPQueueDeclaration(name: name, isExclusive: true))
                        let consumer = try await channel.consume(AMQPConsumption(queue: name, prefetch: 1))
                        try await channel.setPrefetch(UInt16(number + 1))
                        try await channel.publishConfirmed(AMQPMessage("tea"), routingKey: AMQPShortString(name))
                        for try await delivery in consumer {
                            try await channel.ack(delivery)
                            break
                        }
                        #expect(try await channel.get(queue: name) == nil)
                    }
                }
                try await group.waitForAll()
            }
            let isConnected = if case .connected = connection.state { true } else { false }
            #expect(isConnected)
        }
    }

    @Test func aLoopGoesOnWhenItsConnectionIsCutWithAMessageInHand() async throws {
        var configuration = try IntegrationBroker.configuration()
        let endpoint = try #require(configuration.endpoints.first)
        let proxy = try await TCPProxy(to: endpoint.host, endpoint.port)
        configuration.endpoints = [AMQPEndpoint(host: "127.0.0.1", port: proxy.port)]
        try await self.withQueue(messageCount: 3, configuration) { _, connection in
            let reader = try await connection.openChannel()
            var (settled, stale) = ([String](), [String]())
            for try await delivery in try await reader.consume(AMQPConsumption(queue: self.name, prefetch: 1)) {
                let text = String(buffer: delivery.body)
                if text == "1", !delivery.isRedelivered {
                    proxy.cut()
                    try await waitUntil { if case .recovering = connection.state { true } else { false } }
                }
                if try await reader.ack(delivery) { settled.append(text) } else { stale.append(text) }
                if settled.count == 3 { break }
            }
            #expect(settled == ["0", "1", "2"] && stale == ["1"])
        }
        try await proxy.stop()
    }

    @Test func anEmptyQueueNameIsTheLastThatWasDeclaredForGood() async throws {
        try await self.withQueue(messageCount: 0) { channel, connection in
            let reader = try await connection.openChannel()
            let error = await #expect(throws: AMQPError.self) { try await reader.consume(AMQPConsumption(queue: "")) }
            #expect(error?.code == .invalidArgument)
            try await reader.declareQueue(AMQPQueueDeclaration(name: self.name))
            let consumer = try await reader.consume(AMQPConsumption(queue: ""))
            try await reader.declareQueue(AMQPQueueDeclaration(name: "\(self.name)-other", isExclusive: true))
            try await connection.eventLoop.submit {
                connection.link?.abort(AMQPError(.connectionLost, "cut by the test"))
            }.get()
            try await waitUntil { if case .connected = connection.state { true } else { false } }
            let publisher = try await connection.openChannel()
            try await publisher.selectConfirms()
            try await publisher.publishConfirmed(AMQPMessage("tea"), routingKey: self.key)
            var messages = consumer.makeAsyncIterator()
            #expect(try await messages.next().map { String(buffer: $0.body) } == "tea")
        }
    }

    @Test func whatIsAskedOfAConnectionThatHasEndedFailsWithItsEnd() async throws {
        let connection = try await IntegrationBroker.connect()
        await connection.close()
        let error = await #expect(throws: AMQPError.self) { try await connection.openChannel() }
        #expect(error?.code == .connectionClosed && error?.isRetriable == false)
    }
}
