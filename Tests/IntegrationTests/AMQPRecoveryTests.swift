import AMQP
import NIOCore
import Synchronization
import TestSupport
import Testing

/// What comes through a real RabbitMQ and a wire that fails.
@Suite(.timeLimit(.minutes(1))) struct AMQPRecoveryTests {
    private static func proxied() async throws -> (TCPProxy, AMQPConfiguration) {
        var configuration = try IntegrationBroker.configuration()
        let endpoint = configuration.endpoints[0]
        let proxy = try await TCPProxy(to: endpoint.host, endpoint.port)
        configuration.endpoints = [AMQPEndpoint(host: "127.0.0.1", port: proxy.port)]
        return (proxy, configuration)
    }

    @Test func aHeaderTableNested25000DeepArrivesAsAMessageWithoutItsHeaders() async throws {
        try await AMQPTestChannel.run { test in
            let (_, deliveries) = try await test.consume(noAck: true)
            // The publisher: its library refuses to send this, so the frames go in behind its back.
            let (proxy, configuration) = try await Self.proxied()
            let publisher = try await IntegrationBroker.connect(configuration)
            let channel = try await AMQPTestChannel.open(on: publisher)
            let arguments = RawFrame.number(UInt16(0)) + RawFrame.short("") + RawFrame.short(test.queue) + [0]
            try await proxy.injectToServer(
                RawFrame.method(60, 40, arguments, channel: channel.number)
                    + RawFrame.header(
                        bodyByteCount: 0, properties: [0x20, 0] + RawFrame.nestedTable(depth: 25_000),
                        channel: channel.number))
            var received = deliveries.makeAsyncIterator()
            let delivery = try #require(await received.next())
            #expect(delivery.properties.headers == nil)
            #expect(delivery.properties.headersRefusal == "tooDeep")
            await publisher.close()
            try await proxy.stop()
        }
    }

    @Test func aCutConnectionComesBackWithItsTopology() async throws {
        let (proxy, configuration) = try await Self.proxied()
        let connection = try await IntegrationBroker.connect(configuration)
        let consumer = ReplyQueueConsumer()
        try await connection.eventLoop.flatSubmit { connection.register(consumer) }.value()
        var queues = consumer.queues.makeAsyncIterator()
        var bodies = consumer.bodies.makeAsyncIterator()
        var seen: Set<String> = []
        for round in 0..<3 {
            let queue = try #require(await queues.next())
            #expect(seen.insert(queue).inserted, "a server-named queue has a new name after each reconnect")
            let sender = try await AMQPTestChannel.open(on: connection)
            try await connection.eventLoop.submit {
                try sender.publish(
                    exchange: "", routingKey: AMQPShortString(queue), isMandatory: false, properties: .init(),
                    body: ByteBuffer(string: "round \(round)"))
            }.get()
            #expect(await bodies.next() == "round \(round)")
            // Refused for a while in the last round: the attempts go on.
            proxy.cut(refusing: round == 1)
            if round == 1 {
                try await Task.sleep(for: .milliseconds(300))
                proxy.accept()
            }
        }
        #expect(consumer.lossCount >= 2)
        await connection.close()
        try await proxy.stop()
    }

    @Test func whatIsUnderWayFailsWithARetriableErrorWhenTheConnectionIsCut() async throws {
        let (proxy, configuration) = try await Self.proxied()
        try await AMQPTestChannel.run(configuration) { test in
            try await test.onLoop { $0.selectConfirms() }
            let (stream, continuation) = AsyncStream.makeStream(of: AMQPError.self)
            try await test.perform { channel in
                try channel.publish(
                    exchange: "", routingKey: "nobody", isMandatory: true, properties: .init(), body: ByteBuffer()
                ) { result in
                    if case .failure(let error) = result { continuation.yield(error) }
                }
                // In the same turn, before anything has left.
                proxy.cut()
                channel.link.abort(AMQPError(.connectionLost, "cut"))
            }
            let errors = await stream.first(1)
            #expect(errors.first?.code == .connectionLost)
            #expect(errors.first?.isTransient == true)
            for await state in test.connection.states() {
                if case .connected = state { break }
            }
        }
        try await proxy.stop()
    }

    /// Declares a server-named queue on each link, and consumes from it: what a client's reply queue does.
    private final class ReplyQueueConsumer: AMQPRecoverable, Sendable {
        let queues: AsyncStream<String>
        let bodies: AsyncStream<String>
        private let foundQueue: AsyncStream<String>.Continuation
        private let received: AsyncStream<String>.Continuation
        private let losses = Atomic<Int>(0)

        var lossCount: Int { self.losses.load(ordering: .relaxed) }

        init() {
            (self.queues, self.foundQueue) = AsyncStream.makeStream()
            (self.bodies, self.received) = AsyncStream.makeStream()
        }

        func linkOpened(_ link: AMQPLink) -> EventLoopFuture<Void> {
            link.openChannel().flatMap { channel in
                channel.request(
                    .queueDeclare(.init(name: "", isDurable: false, isExclusive: true), passive: false),
                    expecting: .queueDeclareOK
                ).flatMap { reply in
                    guard case .method(.queueDeclareOK(let declared)) = reply else {
                        return channel.eventLoop.makeSucceededVoidFuture()
                    }
                    return channel.consume(
                        .init(queue: declared.queue.string, noAck: true),
                        deliver: { self.received.yield(String(buffer: $0.body)) }, cancelled: {}
                    ).map { _ in _ = self.foundQueue.yield(declared.queue.string) }
                }
            }
        }

        func linkLost(_ error: AMQPError) { self.losses.add(1, ordering: .relaxed) }

        func connectionClosed(_ error: AMQPError) {}
    }
}
