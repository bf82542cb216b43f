import NIOCore
import TestSupport
import Testing

@testable import AMQP

/// Messages that a user's test makes: they look like received ones, and no channel takes them for its own.
@Suite(.timeLimit(.minutes(1))) struct HandMadeMessageTests {
    private let message = AMQPMessage("tea", properties: AMQPProperties(contentType: "text/plain"))

    @Test func aDeliveryHasWhatItIsGiven() {
        let delivery = AMQPDelivery(
            self.message, exchange: "orders", routingKey: "new.\(1)", consumerTag: "worker", isRedelivered: true)
        #expect(delivery.properties == self.message.properties && delivery.body == self.message.body)
        #expect(delivery.exchange == "orders" && delivery.routingKey == "new.1" && delivery.consumerTag == "worker")
        #expect(delivery.isRedelivered)
        let plain = AMQPDelivery(self.message)
        #expect(plain.exchange == .empty && plain.routingKey == .empty && plain.consumerTag == .empty && !plain.isRedelivered)
    }

    @Test func aFetchedMessageHasWhatItIsGiven() {
        let fetched = AMQPFetchedMessage(
            self.message, exchange: "orders", routingKey: "new", isRedelivered: true, messageCount: 3)
        #expect(fetched.properties == self.message.properties && fetched.body == self.message.body)
        #expect(fetched.exchange == "orders" && fetched.routingKey == "new" && fetched.messageCount == 3)
        #expect(fetched.isRedelivered)
        #expect(AMQPFetchedMessage(self.message).messageCount == 0)
    }

    @Test func noChannelHasTheirEpoch() throws {
        #expect((0..<100).allSatisfy { _ in ChannelEpochs.next() != .none })
        #expect(AMQPDelivery(self.message).epoch == .none && AMQPFetchedMessage(self.message).epoch == .none)
        let (harness, channel) = try LinkHarness.withChannel()
        defer { harness.hangUp() }
        #expect(channel.epoch != .none)
    }

    @Test func toSettleThemSendsNothingAndTheChannelStays() async throws {
        let broker = try await FakeBroker.start(
            .handshake(heartbeat: 0) + .openChannel + .declareQueue() + .agreeToClose)
        var configuration = AMQPConfiguration()
        configuration.endpoints = [AMQPEndpoint(host: "127.0.0.1", port: broker.port)]
        let connection = try await AMQPConnection.connect(configuration)
        let channel = try await connection.openChannel()
        let (delivery, fetched) = (AMQPDelivery(self.message), AMQPFetchedMessage(self.message))
        #expect(try await !channel.ack(delivery))
        #expect(try await !channel.ack(delivery, multiple: true))
        #expect(try await !channel.nack(delivery, multiple: true, requeue: true))
        #expect(try await !channel.reject(delivery, requeue: false))
        #expect(try await !channel.ack(fetched))
        #expect(try await !channel.reject(fetched, requeue: true))
        // The next frame after the channel's opening is this one.
        try await channel.declareQueue(AMQPQueueDeclaration(name: "q"))
        await connection.close()
        #expect(broker.failures == [])
        #expect(broker.frames.suffix(3).map { "\($0.classID).\($0.methodID)" } == ["20.10", "50.10", "10.50"])
    }
}
