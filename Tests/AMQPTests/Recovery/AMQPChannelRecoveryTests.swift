import AMQP
import NIOCore
import NIOConcurrencyHelpers
import TestSupport
import Testing

/// A channel that comes back while the broker still clears up after the lost connection.
@Suite(.timeLimit(.minutes(1))) struct AMQPChannelRecoveryTests {
    /// Plays a broker with one queue, which has refused consumers since the second of them, so many times.
    private final class Broker: Sendable {
        private let consumeCount = NIOLockedValueBox(0)
        private let refusals: Range<Int>
        private let refusal: AMQPReplyCode

        init(refusals: Int, with refusal: AMQPReplyCode) {
            self.refusals = 2..<(2 + refusals)
            self.refusal = refusal
        }

        var script: [FakeBrokerStep] { .handshake(heartbeat: 0) + [.serve { self.answer($0) }] }

        private func answer(_ frame: FakeFrame) -> [FakeFrame] {
            switch (frame.type, frame.classID, frame.methodID) {
            case (1, 20, 10): [.channelOpenOK(on: frame.channel)]
            case (1, 10, 50): [.connectionCloseOK]
            case (1, 50, 10): [.queueDeclareOK("q", on: frame.channel)]
            case (1, 60, 10): [.basicQosOK(on: frame.channel)]
            case (1, 60, 20): self.consume(frame.channel)
            default: []
            }
        }

        private func consume(_ channel: UInt16) -> [FakeFrame] {
            let number = self.consumeCount.withLockedValue { count in
                count += 1
                return count
            }
            guard !self.refusals.contains(number) else {
                return [.channelClose(self.refusal.rawValue, "queue 'q' in vhost '/'", on: channel)]
            }
            let message = FakeFrame.deliver(
                "c1", deliveryTag: 1, properties: FakeProperties(), body: Array("\(number)".utf8), on: channel)
            return [.basicConsumeOK("c1", on: channel)] + message
        }
    }

    /// What a consumer is delivered before and after its connection is lost.
    ///
    /// - Parameters:
    ///   - refusals: How often the broker refuses it then.
    ///   - refusal: With which reply code.
    ///   - isExclusive: Whether no other consumer may read the queue.
    /// - Returns: Each time the number of the consumer, in the order in which the broker was asked.
    /// - Throws: What the consumer ends with.
    private func deliveries(
        refusals: Int, with refusal: AMQPReplyCode = .notFound, isExclusive: Bool = false
    ) async throws -> [String] {
        let broker = try await FakeBroker.start(Broker(refusals: refusals, with: refusal).script)
        var settings = AMQPConfiguration()
        settings.endpoints = [AMQPEndpoint(host: "127.0.0.1", port: broker.port)]
        let connection = try await AMQPConnection.connect(settings)
        let channel = try await connection.openChannel()
        try await channel.declareQueue(AMQPQueueDeclaration(name: "q", isAutoDelete: true))
        let consumer = try await channel.consume(AMQPConsumption(queue: "q", consumerTag: "c1", isExclusive: isExclusive))
        var texts: [String] = []
        var iterator = consumer.makeAsyncIterator()
        texts.append(String(buffer: try #require(try await iterator.next()).body))
        try await connection.eventLoop.submit {
            connection.link?.abort(AMQPError(.connectionLost, "cut by the test"))
        }.get()
        texts.append(String(buffer: try #require(try await iterator.next()).body))
        await connection.close()
        return texts
    }

    /// An auto-delete queue goes with the consumer of the lost connection, just after it was declared by the next one.
    @Test func whatGoesWithTheLostConnectionIsDeclaredOnceMore() async throws {
        #expect(try await self.deliveries(refusals: 0) == ["1", "2"])
        #expect(try await self.deliveries(refusals: 2) == ["1", "4"])
    }

    @Test func whatStaysAwayEndsTheChannel() async throws {
        let error = await #expect(throws: AMQPError.self) { try await self.deliveries(refusals: 1000) }
        #expect(error?.code == .channelClosed)
        #expect(error?.replyCode == .notFound)
    }

    /// The lost connection's consumer is still there, and no other may be beside it: this one is asked for again.
    @Test func anExclusiveConsumerWaitsForTheOneOfTheLostConnectionToGo() async throws {
        #expect(try await self.deliveries(refusals: 2, with: .accessRefused, isExclusive: true) == ["1", "4"])
    }

    /// Nothing of ours can be in the way of a consumer that shares its queue.
    @Test func aConsumerThatSharesItsQueueEndsWhereItIsRefused() async throws {
        let error = await #expect(throws: AMQPError.self) {
            try await self.deliveries(refusals: 1, with: .accessRefused)
        }
        #expect(error?.code == .accessRefused)
        #expect(error?.replyCode == .accessRefused)
    }
}
