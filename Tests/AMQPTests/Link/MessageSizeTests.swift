import NIOCore
import TestSupport
import Testing

@testable import AMQP

/// `maxMessageByteCount`: a larger message is not sent, and one that comes ends the connection.
@Suite(.timeLimit(.minutes(1))) struct MessageSizeTests {
    private let limit = 4

    private func withChannel(
        _ script: [FakeBrokerStep], _ body: (AMQPConnection, AMQPChannel) async throws -> Void
    ) async throws -> FakeBroker {
        let broker = try await FakeBroker.start(.handshake(heartbeat: 0) + .openChannel + script)
        var configuration = AMQPConfiguration()
        configuration.endpoints = [AMQPEndpoint(host: "127.0.0.1", port: broker.port)]
        configuration.maxMessageByteCount = self.limit
        let connection = try await AMQPConnection.connect(configuration)
        try await body(connection, try await connection.openChannel())
        await connection.close()
        #expect(broker.failures == [])
        return broker
    }

    @Test func aMessageOverTheLimitIsNotSentAndTheNextOneIs() async throws {
        let confirm: [FakeBrokerStep] = [
            .answer(85, 10) { [.confirmSelectOK(on: $0.channel)] },
            // The first two that come: one with and one without a confirm, both of the largest size.
            .expectMethod(60, 40), .expectFrame, .expectFrame, .expectMethod(60, 40), .expectFrame, .expectFrame,
            .send(.basicAck(2, multiple: true, on: 1)),
        ]
        _ = try await self.withChannel(confirm + .agreeToClose) { _, channel in
            try await channel.selectConfirms()
            let (whole, over) = (AMQPMessage("four"), AMQPMessage("fives"))
            let plain = await #expect(throws: AMQPError.self) { try await channel.publish(over, routingKey: "q") }
            #expect(plain?.code == .invalidArgument)
            #expect(plain?.message.contains("5 bytes; the limit is 4") == true)
            let confirmed = await #expect(throws: AMQPError.self) {
                try await channel.publishConfirmed(over, routingKey: "q")
            }
            #expect(confirmed?.code == .invalidArgument)
            try await channel.publish(whole, routingKey: "q")
            let failures = await channel.publishConfirmed([
                AMQPPublishing(over, routingKey: "q"), AMQPPublishing(whole, routingKey: "q"),
            ])
            #expect(failures.map(\.index) == [0] && failures.map(\.error.code) == [.invalidArgument])
        }
    }

    @Test func aMessageOfTheLargestSizeComesAndALargerOneEndsTheConnection() throws {
        let (harness, channel) = try LinkHarness.withChannel(maxBodyByteCount: self.limit)
        defer { harness.hangUp() }
        var bodies: [String] = []
        _ = channel.consume(
            .init(queue: "q", consumerTag: "c", noAck: true), deliver: { bodies.append(String(buffer: $0.body)) },
            cancelled: {})
        harness.receive(RawFrame.method(60, 21, RawFrame.short("c"), channel: 1))
        _ = harness.sentMethods()
        harness.receive(
            RawFrame.deliver(consumerTag: "c", deliveryTag: 1, channel: 1) + RawFrame.header(bodyByteCount: 4, channel: 1)
                + RawFrame.body(Array("four".utf8), channel: 1))
        #expect(bodies == ["four"] && harness.link.isOpen)
        // Its header is enough: no byte of the body is waited for.
        harness.receive(
            RawFrame.deliver(consumerTag: "c", deliveryTag: 2, channel: 1) + RawFrame.header(bodyByteCount: 5, channel: 1))
        #expect(harness.sentMethods() == ["10.50"])
        #expect(harness.link.closedError?.code == .protocolViolation)
        #expect(harness.link.closedError?.replyCode == .resourceError)
        #expect(harness.link.closedError?.message.contains("5 bytes; the limit is 4") == true)
        #expect(bodies == ["four"])
    }
}
