import AMQP
import AMQPRPC
import NIOCore
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct RPCServerTests {
    private static let setUp: [FakeBrokerStep] =
        .handshake(heartbeat: 0) + .openChannel + .declareQueue() + .qos + .consume
    private static let tearDown: [FakeBrokerStep] = [
        .answer(60, 30) { [FakeFrame(60, 31, on: $0.channel, Wire.shortString("c1"))] },
        .answer(20, 40) { [.channelCloseOK(on: $0.channel)] },
    ]

    private func connect(to broker: FakeBroker) async throws -> AMQPConnection {
        var settings = AMQPConfiguration()
        settings.endpoints = [AMQPEndpoint(host: "127.0.0.1", port: broker.port)]
        return try await AMQPConnection.connect(settings)
    }

    private func server(
        _ connection: AMQPConnection, concurrency: Int = 1, _ handler: @escaping RPCServer.Handler
    ) -> RPCServer {
        RPCServer(
            connection: connection,
            configuration: RPCServerConfiguration(queue: AMQPQueueDeclaration(name: "work"), concurrency: concurrency),
            handler: handler)
    }

    private static let echo: RPCServer.Handler = { .reply(RPCReply(body: $0.body)) }

    /// Runs a server against a script until the script ends, then cancels it.
    private func play(
        _ steps: [FakeBrokerStep], concurrency: Int = 1, _ handler: @escaping RPCServer.Handler
    ) async throws -> FakeBroker {
        let broker = try await FakeBroker.start(Self.setUp + steps)
        let connection = try await self.connect(to: broker)
        let running = Task { try await self.server(connection, concurrency: concurrency, handler).run() }
        #expect(await broker.scriptEnded() == [])
        running.cancel()
        await connection.close()
        _ = await running.result
        return broker
    }

    private func request(_ body: String, replyTo: String? = "replies", deliveryTag: UInt64 = 1) -> FakeBrokerStep {
        .send(
            FakeFrame.deliver(
                "c1", deliveryTag: deliveryTag, properties: FakeProperties(correlationID: "id-1", replyTo: replyTo),
                body: Array(body.utf8), on: 1))
    }

    @Test func replyGoesOutBeforeItsAcknowledgement() async throws {
        let steps: [FakeBrokerStep] = [
            self.request("hello"), .expectMethod(60, 40), .expectFrame, .expectFrame, .expectMethod(60, 80),
        ]
        let broker = try await self.play(steps, Self.echo)
        let header = try #require(broker.frames.first { $0.type == 2 })
        #expect(FakeProperties(header: header.payload).correlationID == "id-1")
        #expect(broker.frames.first { $0.type == 3 }?.payload == Array("hello".utf8))
        var publish = try #require(broker.frames.first { $0.classID == 60 && $0.methodID == 40 }).arguments
        _ = publish.integer(2)
        #expect(publish.shortString() == "" && publish.shortString() == "replies")
        // Neither mandatory nor immediate.
        #expect(publish.integer(1) == 0)
    }

    @Test func requestWithoutAReplyAddressIsOnlyAcknowledged() async throws {
        _ = try await self.play([self.request("x", replyTo: nil), .expectMethod(60, 80)], Self.echo)
    }

    @Test func noReplyIsOnlyAcknowledged() async throws {
        _ = try await self.play([self.request("x"), .expectMethod(60, 80)]) { _ in .noReply }
    }

    @Test func rejectedRequestIsGivenBack() async throws {
        let broker = try await self.play([self.request("x"), .expectMethod(60, 90)]) { _ in .reject(requeue: true) }
        var reject = try #require(broker.frames.first { $0.methodID == 90 }).arguments
        #expect(reject.integer(8) == 1 && reject.integer(1) == 1)
    }

    @Test func replyThatCannotBeSentIsAnErrorToItsCallerAndRefusesItsRequest() async throws {
        // A content type over 255 bytes has no encoding.
        let tooLong = AMQPProperties(contentType: AMQPShortString(String(repeating: "x", count: 256)))
        let steps: [FakeBrokerStep] = [self.request("x"), .expectMethod(60, 40), .expectFrame, .expectMethod(60, 90)]
        let broker = try await self.play(steps) { _ in .reply(RPCReply(properties: tooLong, body: ByteBuffer())) }
        let header = try #require(broker.frames.first { $0.type == 2 })
        #expect(FakeProperties(header: header.payload).correlationID == "id-1")
        var reject = try #require(broker.frames.first { $0.methodID == 90 }).arguments
        #expect(reject.integer(8) == 1 && reject.integer(1) == 0)
    }

    @Test func asManyRequestsAreHandledAtOnceAsTheBrokerIsTold() async throws {
        // Neither handler goes on before the other has begun.
        let both = Rendezvous(count: 2)
        let steps: [FakeBrokerStep] = [
            self.request("a", replyTo: nil), self.request("b", replyTo: nil, deliveryTag: 2), .expectMethod(60, 80),
            .expectMethod(60, 80),
        ]
        let broker = try await self.play(steps, concurrency: 2) { _ in
            await both.arrive()
            return .noReply
        }
        var qos = try #require(broker.frames.first { $0.classID == 60 && $0.methodID == 10 }).arguments
        #expect(qos.integer(4) == 0 && qos.integer(2) == 2)
    }

    @Test func cancelledServerStopsConsumingAndStillSendsTheLastReply() async throws {
        let (began, begin) = AsyncStream.makeStream(of: Void.self)
        let broker = try await FakeBroker.start(
            Self.setUp + [self.request("x")] + [
                .answer(60, 30) { [FakeFrame(60, 31, on: $0.channel, Wire.shortString("c1"))] },
                .expectMethod(60, 40), .expectFrame, .expectFrame, .expectMethod(60, 80),
                .answer(20, 40) { [.channelCloseOK(on: $0.channel)] },
            ])
        let connection = try await self.connect(to: broker)
        let (released, release) = AsyncStream.makeStream(of: Void.self)
        let running = Task {
            try await self.server(connection) { delivery in
                begin.yield()
                // Not this task's to cancel: as a handler would that cannot stop half way.
                await Task { for await _ in released { break } }.value
                return .reply(RPCReply(body: delivery.body))
            }.run()
        }
        for await _ in began { break }
        running.cancel()
        try await waitUntil { broker.frames.contains { $0.classID == 60 && $0.methodID == 30 } }
        release.yield()
        try await running.value
        #expect(await broker.scriptEnded() == [])
        await connection.close()
    }

    @Test func queueThatDiffersFailsTheRun() async throws {
        let broker = try await FakeBroker.start(
            .handshake(heartbeat: 0) + .openChannel + [
                .answer(50, 10) { [.channelClose(406, "PRECONDITION_FAILED - inequivalent arg", on: $0.channel)] },
                .expectMethod(20, 41), .silence,
            ])
        let connection = try await self.connect(to: broker)
        let error = await #expect(throws: AMQPError.self) { try await self.server(connection, Self.echo).run() }
        #expect(error?.code == .channelClosed && error?.replyCode == .preconditionFailed)
    }

    @Test func closedConnectionEndsTheRunWithItsError() async throws {
        let broker = try await FakeBroker.start(Self.setUp + .agreeToClose)
        let connection = try await self.connect(to: broker)
        let running = Task { try await self.server(connection, Self.echo).run() }
        try await waitUntil { broker.frames.contains { $0.classID == 60 && $0.methodID == 20 } }
        await connection.close()
        let error = await #expect(throws: AMQPError.self) { try await running.value }
        #expect(error?.code == .connectionClosed)
    }

    @Test func lostConnectionIsConsumedAgainAndAnOldTagNotAcknowledgedThere() async throws {
        let hasOldRequest = Atomic<Bool>(false)
        let broker = try await FakeBroker.start(
            Self.setUp + [
                self.request("old", replyTo: "replies"), .waitUntil { hasOldRequest.load(ordering: .relaxed) }, .reset,
            ],
            Self.setUp + [
                // The reply of the first connection's request, without acknowledgement; then a request of this one's.
                .expectMethod(60, 40), .expectFrame, .expectFrame, self.request("new", replyTo: nil, deliveryTag: 9),
                .expectMethod(60, 80), .silence,
            ])
        let connection = try await self.connect(to: broker)
        let running = Task {
            try await self.server(connection) { delivery in
                if String(buffer: delivery.body) == "old" {
                    hasOldRequest.store(true, ordering: .relaxed)
                    try await waitUntil {
                        broker.frames.filter { $0.classID == 60 && $0.methodID == 20 }.count >= 2
                    }
                    // The consume-ok of the second connection is on its way; wait until the server has seen it.
                    try await waitUntil { !connection.state.isRecovering }
                }
                return .reply(RPCReply(body: delivery.body))
            }.run()
        }
        try await waitUntil { broker.frames.contains { $0.classID == 60 && $0.methodID == 80 } }
        var ack = try #require(broker.frames.first { $0.classID == 60 && $0.methodID == 80 }).arguments
        #expect(ack.integer(8) == 9)
        running.cancel()
        #expect(broker.failures == [])
    }

    @Test func aFaultWithoutAReplyAddressGoesToTheDeadLetters() async throws {
        let broker = try await self.play([self.request("x", replyTo: nil), .expectMethod(60, 90)]) { _ in
            throw RPCFault(type: "Broken", message: "it broke")
        }
        var reject = try #require(broker.frames.first { $0.methodID == 90 }).arguments
        #expect(reject.integer(8) == 1 && reject.integer(1) == 0)
    }

    @Test func aGracefulShutdownLetsTheHandlerFinishAndGivesBackWhatWasNotBegun() async throws {
        let (began, begin) = AsyncStream.makeStream(of: Void.self)
        let (released, release) = AsyncStream.makeStream(of: Void.self)
        let broker = try await FakeBroker.start(
            Self.setUp + [self.request("x")] + [
                .answer(60, 30) { frame in
                    FakeFrame.deliver(
                        "c1", deliveryTag: 2, properties: FakeProperties(correlationID: "id-2", replyTo: "replies"),
                        body: [1], on: frame.channel) + [FakeFrame(60, 31, on: frame.channel, Wire.shortString("c1"))]
                },
                .expectMethod(60, 120), .expectMethod(60, 40), .expectFrame, .expectFrame, .expectMethod(60, 80),
                .answer(20, 40) { [.channelCloseOK(on: $0.channel)] },
            ])
        let connection = try await self.connect(to: broker)
        let server = self.server(connection) { context in
            begin.yield()
            for await _ in released { break }
            #expect(!Task.isCancelled)
            return .reply(RPCReply(body: context.body))
        }
        let running = Task { try await server.run() }
        for await _ in began { break }
        server.triggerGracefulShutdown()
        server.triggerGracefulShutdown()
        try await waitUntil { broker.frames.contains { $0.classID == 60 && $0.methodID == 120 } }
        release.yield()
        try await running.value
        #expect(await broker.scriptEnded() == [])
        await connection.close()
    }

    @Test func aShutdownBeforeTheRunEndsItAtOnce() async throws {
        let broker = try await FakeBroker.start(.handshake(heartbeat: 0) + [.silence])
        let connection = try await self.connect(to: broker)
        let server = self.server(connection, Self.echo)
        server.triggerGracefulShutdown()
        try await server.run()
    }

    @Test func serverRunsOnce() async throws {
        let broker = try await FakeBroker.start(Self.setUp + Self.tearDown)
        let connection = try await self.connect(to: broker)
        let server = self.server(connection, Self.echo)
        let running = Task { try await server.run() }
        try await waitUntil { broker.frames.contains { $0.classID == 60 && $0.methodID == 20 } }
        let error = await #expect(throws: AMQPError.self) { try await server.run() }
        #expect(error?.code == .invalidArgument)
        running.cancel()
        try await running.value
    }

    @Test func aServerWhoseConnectionIsLostWhileItIsSetUpServesOnTheNext() async throws {
        let broker = try await FakeBroker.start(
            .handshake(heartbeat: 0) + .openChannel + [.answer(50, 10) { _ in [] }, .close],
            Self.setUp + [
                self.request("hello"), .expectMethod(60, 40), .expectFrame, .expectFrame, .expectMethod(60, 80),
            ] + Self.tearDown)
        let connection = try await self.connect(to: broker)
        let running = Task { try await self.server(connection, Self.echo).run() }
        try await waitUntil { broker.frames.contains { ($0.classID, $0.methodID) == (60, 80) } }
        running.cancel()
        try await running.value
        #expect(broker.failures == [])
        await connection.close()
    }
}

/// A place where so many tasks wait for each other.
private actor Rendezvous {
    private var missing: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(count: Int) {
        self.missing = count
    }

    func arrive() async {
        self.missing -= 1
        if self.missing == 0 {
            for continuation in self.waiting { continuation.resume() }
        } else {
            await withCheckedContinuation { self.waiting.append($0) }
        }
    }
}

extension AMQPConnectionState {
    fileprivate var isRecovering: Bool {
        if case .connected = self { false } else { true }
    }
}
