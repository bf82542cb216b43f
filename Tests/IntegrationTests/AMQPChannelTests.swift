import AMQP
import Foundation
import NIOCore
import TestSupport
import Testing

/// The public face of a channel against a real RabbitMQ: what its users use that a hot path does not.
@Suite(.timeLimit(.minutes(1))) struct AMQPChannelTests {
    private let name = "test-channel-\(UUID().uuidString)"

    /// Runs `body` with a channel, deletes the queue and exchange of this test's name, and closes the connection.
    private func withChannel(_ body: (AMQPChannel, AMQPConnection) async throws -> Void) async throws {
        let connection = try await IntegrationBroker.connect()
        var failure: (any Error)?
        do {
            try await body(try await connection.openChannel(), connection)
        } catch {
            failure = error
        }
        let cleaner = try await connection.openChannel()
        try await cleaner.deleteQueue(self.name)
        try await cleaner.deleteExchange(self.name)
        await connection.close()
        if let failure { throw failure }
    }

    private func text(_ message: AMQPFetchedMessage?) -> String? { message.map { String(buffer: $0.body) } }

    @Test func aHeadersExchangeRoutesByTheMessagesHeaders() async throws {
        try await self.withChannel { channel, _ in
            try await channel.selectConfirms()
            try await channel.declareExchange(
                AMQPExchangeDeclaration(name: self.name, type: "headers", isDurable: false))
            try await channel.declareQueue(AMQPQueueDeclaration(name: self.name))
            try await channel.bind(
                AMQPQueueBinding(
                    queue: self.name, exchange: self.name, arguments: ["x-match": "all", "kind": "image", "size": 2]))
            func publish(_ text: String, _ headers: AMQPTable) async throws(AMQPError) {
                let properties = AMQPProperties(contentType: nil, headers: headers)
                try await channel.publishConfirmed(
                    AMQPMessage(text, properties: properties), to: self.name, routingKey: "ignored")
            }
            try await publish("both", ["kind": "image", "size": 2, "more": true])
            let unroutable = await #expect(throws: AMQPError.self) { try await publish("one", ["kind": "image"]) }
            #expect(unroutable?.code == .unroutable && unroutable?.replyCode == .noRoute)
            #expect(self.text(try await channel.get(queue: self.name, noAck: true)) == "both")
            #expect(try await channel.get(queue: self.name) == nil)
        }
    }

    @Test func aFetchedMessageIsRefusedOrAcknowledged() async throws {
        try await self.withChannel { channel, _ in
            try await channel.selectConfirms()
            try await channel.declareQueue(AMQPQueueDeclaration(name: self.name))
            for text in ["a", "b"] {
                try await channel.publishConfirmed(AMQPMessage(text), routingKey: self.name)
            }
            let first = try #require(try await channel.get(queue: self.name))
            #expect(self.text(first) == "a" && first.messageCount == 1 && !first.isRedelivered)
            try await channel.reject(first, requeue: true)
            let again = try #require(try await channel.get(queue: self.name))
            #expect(self.text(again) == "a" && again.isRedelivered)
            try await channel.ack(again)
            let second = try #require(try await channel.get(queue: self.name))
            try await channel.reject(second, requeue: false)
            #expect(try await channel.get(queue: self.name) == nil)
            #expect(try await channel.checkQueue(self.name).messageCount == 0)
        }
    }

    @Test func aStreamQueueIsReadFromTheOffsetThatIsAskedFor() async throws {
        try await self.withChannel { channel, connection in
            try await channel.selectConfirms()
            try await channel.declareQueue(
                AMQPQueueDeclaration(name: self.name, arguments: ["x-queue-type": "stream"]))
            let batch = (0..<20).map { AMQPPublishing(AMQPMessage("\($0)"), routingKey: self.name) }
            #expect(await channel.publishConfirmed(batch).isEmpty)
            // A stream is read by any number of readers, each from its own place.
            for (offset, first) in [(AMQPValue.string("first"), 0), (.int64(15), 15)] {
                let reader = try await connection.openChannel()
                try await reader.setPrefetch(5)
                let consumer = try await reader.consume(
                    AMQPConsumption(queue: self.name, arguments: ["x-stream-offset": offset]))
                var expected = first
                for try await delivery in consumer {
                    #expect(String(buffer: delivery.body) == "\(expected)")
                    #expect(delivery.properties.headers?["x-stream-offset"]?.integerValue == expected)
                    try await reader.ack(delivery)
                    expected += 1
                    if expected == 20 { break }
                }
                #expect(expected == 20)
                try await reader.close()
            }
        }
    }

    @Test func theConsumerOfHigherPriorityGetsTheMessages() async throws {
        try await self.withChannel { channel, connection in
            try await channel.declareQueue(AMQPQueueDeclaration(name: self.name))
            let low = try await channel.consume(
                AMQPConsumption(queue: self.name, consumerTag: "low", arguments: ["x-priority": 1]))
            let preferred = try await connection.openChannel()
            try await preferred.setPrefetch(2)
            let high = try await preferred.consume(
                AMQPConsumption(queue: self.name, consumerTag: "high", arguments: ["x-priority": 10]))
            let publisher = try await connection.openChannel()
            try await publisher.selectConfirms()
            let batch = (0..<3).map { AMQPPublishing(AMQPMessage("\($0)"), routingKey: self.name) }
            #expect(await publisher.publishConfirmed(batch).isEmpty)
            // Two are all that the preferred one takes at once; the third is for the other.
            var preferredMessages = high.makeAsyncIterator()
            var otherMessages = low.makeAsyncIterator()
            #expect(try await preferredMessages.next().map { String(buffer: $0.body) } == "0")
            #expect(try await preferredMessages.next().map { String(buffer: $0.body) } == "1")
            let third = try #require(try await otherMessages.next())
            #expect(String(buffer: third.body) == "2" && third.consumerTag == "low")
        }
    }

    // MARK: Batches

    @Test func aBatchIsConfirmedWholeAndInOrder() async throws {
        try await self.withChannel { channel, _ in
            try await channel.selectConfirms()
            try await channel.declareQueue(AMQPQueueDeclaration(name: self.name))
            let batch = (0..<5000).map { AMQPPublishing(AMQPMessage("\($0)"), routingKey: self.name) }
            #expect(await channel.publishConfirmed(batch).isEmpty)
            #expect(try await channel.checkQueue(self.name).messageCount == 5000)
            for number in 0..<3 {
                #expect(self.text(try await channel.get(queue: self.name, noAck: true)) == "\(number)")
            }
            #expect(await channel.publishConfirmed([]).isEmpty)
        }
    }

    @Test func eachMessageOfABatchHasItsOwnFate() async throws {
        try await self.withChannel { channel, _ in
            try await channel.selectConfirms()
            try await channel.declareQueue(
                AMQPQueueDeclaration(name: self.name, arguments: ["x-max-length": 2, "x-overflow": "reject-publish"]))
            let key = AMQPShortString(self.name)
            let tooLong = AMQPShortString(String(repeating: "k", count: 256))
            let failures = await channel.publishConfirmed([
                AMQPPublishing(AMQPMessage("a"), routingKey: key),
                AMQPPublishing(AMQPMessage("b"), routingKey: "there-is-no-such-queue"),
                AMQPPublishing(AMQPMessage("c"), routingKey: "nor-this", isMandatory: false),
                AMQPPublishing(AMQPMessage("d"), routingKey: tooLong),
                AMQPPublishing(AMQPMessage("e"), routingKey: key),
                AMQPPublishing(AMQPMessage("f"), routingKey: key),
            ])
            #expect(failures.map(\.index) == [1, 3, 5])
            #expect(failures.map(\.error.code) == [.unroutable, .invalidArgument, .nacked])
            #expect(failures.map(\.error.isRetriable) == [false, false, true])
        }
    }

    @Test func withoutConfirmsABatchIsRefused() async throws {
        try await self.withChannel { channel, _ in
            let batch = [AMQPPublishing(AMQPMessage("a"), routingKey: self.name)]
            #expect(await channel.publishConfirmed(batch).map(\.error.code) == [.invalidArgument])
        }
    }

    @Test func aBatchLargerThanTheOutboundBufferIsSentPieceByPiece() async throws {
        var configuration = try IntegrationBroker.configuration()
        configuration.outboundBufferLimit = 64 * 1024
        let connection = try await IntegrationBroker.connect(configuration)
        let channel = try await connection.openChannel()
        try await channel.selectConfirms()
        try await channel.declareQueue(AMQPQueueDeclaration(name: self.name, isExclusive: true))
        let message = AMQPMessage(ByteBuffer(repeating: 7, count: 10_000))
        let batch = Array(repeating: AMQPPublishing(message, routingKey: self.name), count: 1000)
        #expect(await channel.publishConfirmed(batch).isEmpty)
        #expect(try await channel.checkQueue(self.name).messageCount == 1000)
        await connection.close()
    }

    @Test func aBatchEndsWithItsConnectionAndWithItsTask() async throws {
        var configuration = try IntegrationBroker.configuration()
        let endpoint = try #require(configuration.endpoints.first)
        let proxy = try await TCPProxy(to: endpoint.host, endpoint.port)
        configuration.endpoints = [AMQPEndpoint(host: "127.0.0.1", port: proxy.port)]
        configuration.outboundBufferLimit = 64 * 1024
        let connection = try await IntegrationBroker.connect(configuration)
        let channel = try await connection.openChannel()
        try await channel.selectConfirms()
        try await channel.declareQueue(AMQPQueueDeclaration(name: self.name, isExclusive: true))
        // Larger than every buffer on the way: it is still being sent when the network stops.
        let message = AMQPMessage(ByteBuffer(repeating: 7, count: 100_000))
        let batch = Array(repeating: AMQPPublishing(message, routingKey: self.name), count: 300)
        try await proxy.stall(true)
        let cancelled = Task { await channel.publishConfirmed(batch) }
        // It has taken all room before the others come: which task begins first is not said.
        try await waitUntil {
            try await connection.eventLoop.submit { connection.link?.takesPublishes == false }.get()
        }
        let waiting = Task { try await channel.publish(message, routingKey: self.name) }
        let cut = Task { await channel.publishConfirmed(batch) }
        // These have reached the loop, too, and wait there for room.
        try await Task.sleep(for: .milliseconds(100))
        cancelled.cancel()
        let given = await cancelled.value.map(\.error)
        #expect(given.count == 300 && Set(given.map(\.code)) == [.cancelled])
        // The broker may have what had left, and has nothing of the rest.
        #expect(given.first?.mayHaveExecuted == true && given.last?.mayHaveExecuted == false)
        waiting.cancel()
        let error = await #expect(throws: AMQPError.self) { try await waiting.value }
        #expect(error?.code == .cancelled && error?.mayHaveExecuted == false)
        proxy.cut()
        let failures = await cut.value
        #expect(failures.count == 300)
        // Nothing of it has left: the first batch has taken all room.
        #expect(Set(failures.map(\.error.code)) == [.connectionFailed])
        #expect(failures.allSatisfy { !$0.error.mayHaveExecuted })
        await connection.close()
        try await proxy.stop()
    }
}
