import AMQP
import NIOConcurrencyHelpers
import NIOCore
import TestSupport
import Testing

/// Tasks that are cancelled while a broker takes its time.
@Suite(.timeLimit(.minutes(1))) struct CancellationTests {
    /// Lets a script go on.
    private final class Gate: Sendable {
        private let isOpenBox = NIOLockedValueBox(false)

        var isOpen: Bool { self.isOpenBox.withLockedValue { $0 } }

        func open() { self.isOpenBox.withLockedValue { $0 = true } }

        /// Stands still until this is open.
        var step: FakeBrokerStep { .waitUntil { self.isOpen } }
    }

    private static func configuration(_ broker: FakeBroker) -> AMQPConfiguration {
        var configuration = AMQPConfiguration()
        configuration.endpoints = [AMQPEndpoint(host: "127.0.0.1", port: broker.port)]
        configuration.retryDelay = .milliseconds(1)
        return configuration
    }

    /// Begins something that the broker does not answer, cancels it once the broker has the request, and then lets the
    /// broker's late answer come.
    ///
    /// - Parameters:
    ///   - request: Class and method that the broker waits for.
    ///   - late: What it answers.
    ///   - following: What it does then.
    ///   - body: What is cancelled, and then what is called.
    /// - Returns: What came otherwise than expected.
    private func cancelling<Value: Sendable>(
        _ request: (UInt16, UInt16), late: [FakeFrame], following: [FakeBrokerStep],
        _ body: @escaping @Sendable (AMQPChannel) async throws(AMQPError) -> Value,
        then: (AMQPChannel) async throws -> Void = { _ in }
    ) async throws -> [String] {
        let (asked, cancelled) = (Gate(), Gate())
        let script: [FakeBrokerStep] =
            .handshake(heartbeat: 0) + .openChannel
            + [
                .answer(request.0, request.1) { _ in
                    asked.open()
                    return []
                }, cancelled.step, .send(late),
            ] + following
        let broker = try await FakeBroker.start(script)
        let connection = try await AMQPConnection.connect(Self.configuration(broker))
        let channel = try await connection.openChannel()
        let task = Task { () -> AMQPError? in
            do throws(AMQPError) {
                _ = try await body(channel)
                return nil
            } catch {
                return error
            }
        }
        try await waitUntil { asked.isOpen }
        task.cancel()
        // It ends although nothing has been answered.
        #expect(await task.value?.code == .cancelled)
        cancelled.open()
        try await then(channel)
        let failures = await broker.scriptEnded()
        await connection.close()
        return failures
    }

    @Test func theLateAnswerToACancelledDeclarationIsNobodyElses() async throws {
        let failures = try await self.cancelling(
            (50, 10), late: [.queueDeclareOK("first", messageCount: 1, on: 1)], following: .declareQueue()
        ) { channel throws(AMQPError) in
            try await channel.declareQueue(AMQPQueueDeclaration(name: "first"))
        } then: { channel in
            let status = try await channel.declareQueue(AMQPQueueDeclaration(name: "second"))
            #expect(status.name == "second" && status.messageCount == 0)
        }
        #expect(failures.isEmpty)
    }

    @Test func aMessageThatComesAfterItsTaskWasCancelledGoesBackToItsQueue() async throws {
        let refused = NIOLockedValueBox<[UInt8]>([])
        let nack = FakeBrokerStep.answer(60, 120) { frame in
            refused.withLockedValue { $0 = frame.payload }
            return []
        }
        let failures = try await self.cancelling(
            (60, 70), late: FakeFrame.got(deliveryTag: 7, body: Array("tea".utf8), on: 1), following: [nack]
        ) { channel throws(AMQPError) in
            try await channel.get(queue: "q")
        }
        #expect(failures.isEmpty)
        // Not multiple, and back to its queue.
        #expect(refused.withLockedValue { $0 } == Wire.u16(60) + Wire.u16(120) + Wire.u64(7) + [2])
    }

    @Test func aConsumerThatComesAfterItsTaskWasCancelledEnds() async throws {
        let failures = try await self.cancelling(
            (60, 10), late: [.basicQosOK(on: 1), .basicConsumeOK("c", on: 1)], following: [.expectMethod(60, 20), .expectMethod(60, 30)]
        ) { channel throws(AMQPError) in
            try await channel.consume(AMQPConsumption(queue: "q", consumerTag: "c"))
        }
        #expect(failures.isEmpty)
    }

    @Test func aChannelThatOpensAfterItsTaskWasCancelledIsClosed() async throws {
        let failures = try await self.cancelling(
            (20, 10), late: [.channelOpenOK(on: 2)], following: [.expectMethod(20, 40)]
        ) { channel throws(AMQPError) in
            try await channel.connection.openChannel()
        }
        #expect(failures.isEmpty)
    }

    @Test func aTaskThatIsCancelledAlreadySendsNothing() async throws {
        let broker = try await FakeBroker.start(.handshake(heartbeat: 0) + .openChannel + [.serve { _ in [] }])
        let connection = try await AMQPConnection.connect(Self.configuration(broker))
        let channel = try await connection.openChannel()
        let frameCount = broker.frames.count
        let codes = await Task {
            withUnsafeCurrentTask { $0?.cancel() }
            var codes: [AMQPError.Code] = []
            func attempt<Value>(_ body: () async throws(AMQPError) -> Value) async {
                do throws(AMQPError) {
                    _ = try await body()
                } catch {
                    codes.append(error.code)
                }
            }
            await attempt { () throws(AMQPError) in try await channel.declareQueue(AMQPQueueDeclaration(name: "q")) }
            await attempt { () throws(AMQPError) in try await channel.consume(AMQPConsumption(queue: "q")) }
            await attempt { () throws(AMQPError) in try await channel.get(queue: "q") }
            await attempt { () throws(AMQPError) in try await connection.openChannel() }
            return codes
        }.value
        #expect(codes == [.cancelled, .cancelled, .cancelled, .cancelled])
        #expect(broker.frames.count == frameCount)
        try await connection.eventLoop.submit {
            connection.link?.abort(AMQPError(.connectionLost, "the test is over"))
        }.get()
    }

    @Test func aCancelledConnectEndsItsAttemptAndMakesNoOther() async throws {
        let asked = Gate()
        let broker = try await FakeBroker.start([
            .expect(FakeFrame.protocolHeader),
            .waitUntil {
                asked.open()
                return true
            }, .expectClose,
        ])
        var configuration = Self.configuration(broker)
        configuration.connectionAttempts = 1000
        let task = Task { [configuration] in try await AMQPConnection.connect(configuration) }
        try await waitUntil { asked.isOpen }
        task.cancel()
        let error = await #expect(throws: AMQPError.self) { try await task.value }
        #expect(error?.code == .cancelled)
        #expect(await broker.scriptEnded().isEmpty)
        #expect(broker.connectionCount == 1)
    }

    @Test func aChannelThatCouldNotBeOpenedIsNotOpenedByTheNextConnectionEither() async throws {
        let back = Gate()
        let opened = NIOLockedValueBox(0)
        let broker = try await FakeBroker.start(
            .handshake(heartbeat: 0) + [.close],
            [back.step] + .handshake(heartbeat: 0) + [.serve { frame in
                guard (frame.classID, frame.methodID) == (20, 10) else { return [] }
                opened.withLockedValue { $0 += 1 }
                return [.channelOpenOK(on: frame.channel)]
            }])
        let connection = try await AMQPConnection.connect(Self.configuration(broker))
        try await waitUntil { if case .recovering = connection.state { true } else { false } }
        for _ in 0..<3 {
            let error = await #expect(throws: AMQPError.self) { try await connection.openChannel() }
            #expect(error?.code == .connectionFailed)
        }
        back.open()
        try await waitUntil { if case .connected = connection.state { true } else { false } }
        _ = try await connection.openChannel()
        #expect(opened.withLockedValue { $0 } == 1)
        try await connection.eventLoop.submit {
            connection.link?.abort(AMQPError(.connectionLost, "the test is over"))
        }.get()
    }

    @Test func eachConsumerHasItsOwnPrefetchAgainOnTheNextConnection() async throws {
        let prefetches = NIOLockedValueBox<[[UInt8]]>([])
        let broker = try await FakeBroker.start(
            .handshake(heartbeat: 0) + [
                .serve { frame in
                    switch (frame.classID, frame.methodID) {
                    case (20, 10): return [.channelOpenOK(on: frame.channel)]
                    case (60, 10):
                        prefetches.withLockedValue { $0.append(Array(frame.payload.dropFirst(8).prefix(2))) }
                        return [.basicQosOK(on: frame.channel)]
                    case (60, 20):
                        var arguments = frame.arguments
                        _ = arguments.integer(2)
                        _ = arguments.shortString()
                        return [.basicConsumeOK(arguments.shortString(), on: frame.channel)]
                    default: return []
                    }
                }
            ])
        let connection = try await AMQPConnection.connect(Self.configuration(broker))
        let channel = try await connection.openChannel()
        let first = try await channel.consume(AMQPConsumption(queue: "a"))
        try await channel.setPrefetch(7)
        let second = try await channel.consume(AMQPConsumption(queue: "b"))
        let third = try await channel.consume(AMQPConsumption(queue: "c", prefetch: 1))
        #expect(prefetches.withLockedValue { $0 } == [Wire.u16(500), Wire.u16(7), Wire.u16(7), Wire.u16(1)])
        prefetches.withLockedValue { $0 = [] }
        try await connection.eventLoop.submit {
            connection.link?.abort(AMQPError(.connectionLost, "cut by the test"))
        }.get()
        try await waitUntil { prefetches.withLockedValue { $0.count } == 3 }
        #expect(prefetches.withLockedValue { $0 } == [Wire.u16(500), Wire.u16(7), Wire.u16(1)])
        withExtendedLifetime((first, second, third)) {}
        try await connection.eventLoop.submit {
            connection.link?.abort(AMQPError(.connectionLost, "the test is over"))
        }.get()
    }

    @Test func aChannelThatIsClosedWhileItIsSetUpAgainIsClosedAtTheBroker() async throws {
        let (asked, closed) = (Gate(), Gate())
        let broker = try await FakeBroker.start(
            .handshake(heartbeat: 0) + .openChannel + .declareQueue() + [.close],
            .handshake(heartbeat: 0) + .openChannel + [
                .answer(50, 10) { _ in
                    asked.open()
                    return []
                }, closed.step, .send(.queueDeclareOK("q", on: 1)), .expectMethod(20, 40),
            ])
        let connection = try await AMQPConnection.connect(Self.configuration(broker))
        let channel = try await connection.openChannel()
        try await channel.declareQueue(AMQPQueueDeclaration(name: "q"))
        try await waitUntil { asked.isOpen }
        try await channel.close()
        closed.open()
        try await waitUntil { broker.frames.contains { ($0.classID, $0.methodID) == (20, 40) } }
        #expect(broker.failures.isEmpty)
        await connection.close()
    }

    @Test func closingAChannelTakesNoLongerThanItMayThoughTheBrokerStandsStill() async throws {
        let broker = try await FakeBroker.start(.handshake(heartbeat: 0) + .openChannel + [.silence])
        let connection = try await AMQPConnection.connect(Self.configuration(broker))
        let channel = try await connection.openChannel()
        let elapsed = try await ContinuousClock().measure { try await channel.close() }
        #expect(elapsed >= .seconds(4) && elapsed < .seconds(20))
        let error = await #expect(throws: AMQPError.self) { try await channel.checkQueue("q") }
        #expect(error?.code == .channelClosed)
        try await connection.eventLoop.submit {
            connection.link?.abort(AMQPError(.connectionLost, "the test is over"))
        }.get()
    }
}
