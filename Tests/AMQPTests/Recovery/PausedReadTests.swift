import NIOCore
import TestSupport
import Testing

@testable import AMQP

/// A consumer without acknowledgements that nobody reads holds up the whole connection, but not its end.
@Suite(.timeLimit(.minutes(1))) struct PausedReadTests {
    /// A broker that sends more messages than a consumer holds, and answers the client's next request.
    private static let broker: [FakeBrokerStep] =
        .handshake(heartbeat: 0) + .openChannel + .consume + [
            .send((1...5000).flatMap { FakeFrame.deliver("c", deliveryTag: $0, body: Array("tea".utf8), on: 1) })
        ]

    /// Has a consumer pause reading, and then calls `body`.
    private func paused(
        _ answer: [FakeBrokerStep], _ body: (AMQPConnection, AMQPLink, AMQPChannel) async throws -> Void
    ) async throws {
        let broker = try await FakeBroker.start(Self.broker + answer)
        var configuration = AMQPConfiguration()
        configuration.endpoints = [AMQPEndpoint(host: "127.0.0.1", port: broker.port)]
        let connection = try await AMQPConnection.connect(configuration)
        let channel = try await connection.openChannel()
        let consumer = try await channel.consume(AMQPConsumption(queue: "q", consumerTag: "c", noAck: true))
        let link = try #require(try await connection.eventLoop.submit { connection.link }.get())
        try await waitUntil { try await connection.eventLoop.submit { link.isReadHeldBack }.get() }
        try await body(connection, link, channel)
        #expect(broker.failures == [])
        withExtendedLifetime(consumer) {}
    }

    @Test func closingTheChannelReadsOnToTheBrokersAnswer() async throws {
        let agree: [FakeBrokerStep] = [.answer(20, 40) { [.channelCloseOK(on: $0.channel)] }]
        try await self.paused(agree + .agreeToClose) { connection, link, channel in
            try await channel.close()
            // Without the answer the number would not be free.
            let state = try await link.eventLoop.submit { (link.channels.count, link.readPauses, link.isOpen) }.get()
            #expect(state == (0, 0, true))
            await connection.close()
        }
    }

    @Test func closingTheConnectionReadsOnToTheBrokersAnswer() async throws {
        try await self.paused(.agreeToClose) { connection, link, _ in
            await connection.close()
            let error = try await link.eventLoop.submit { link.closedError }.get()
            // Not that the broker did not agree in time.
            #expect(error?.code == .connectionClosed && error?.message == "the connection was closed")
        }
    }
}
