import AMQP
import LambdaAMQP
import NIOCore
import TestSupport
import Testing

/// How an event's publishing ends, and that nothing of it is left.
@Suite(.timeLimit(.minutes(1))) struct EventPublishingTests {
    private let event = ByteBuffer(string: "\"x\"")
    private let soon = InvocationOptions(timeout: .milliseconds(50), retryPolicy: .once)

    private func error(_ body: () async throws -> Void) async throws -> LambdaError {
        try #require(await #expect(throws: LambdaError.self) { try await body() })
    }

    /// What `body` ends with when its task is cancelled once something is so.
    private func errorWhenCancelled(
        once condition: () async throws -> Bool, _ body: @escaping @Sendable () async throws -> Void
    ) async throws -> LambdaError {
        let task = Task { try await body() }
        try await waitUntil(condition)
        task.cancel()
        return try await self.error { try await task.value }
    }

    private func event(_ lambda: LambdaClient, _ function: String, _ options: InvocationOptions) async throws {
        _ = try await lambda.invokeEvent(function, payload: self.event, options: options)
    }

    @Test func aCancelledCallerDoesNotWaitForTheConfirm() async throws {
        let test = try await ClientTest.start()
        try await withLambdaClient(test.settings) { lambda in
            let error = try await self.errorWhenCancelled(once: { test.functions.routingKeys == ["silent.async"] }) {
                try await self.event(lambda, "silent", InvocationOptions(timeout: .seconds(300)))
            }
            #expect(error.code == .cancelled)
            // The channel goes on.
            try await self.event(lambda, "echo", InvocationOptions())
        }
    }

    @Test func anEventOfATaskThatIsCancelledAlreadyIsNotPublished() async throws {
        let test = try await ClientTest.start()
        try await withLambdaClient(test.settings) { lambda in
            try await self.event(lambda, "echo", InvocationOptions())
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await self.event(lambda, "silent", InvocationOptions())
            }
            let error = try await self.error { try await task.value }
            #expect(error.code == .cancelled)
            #expect(!error.mayHaveExecuted)
            try await self.event(lambda, "echo", InvocationOptions())
        }
        #expect(test.functions.routingKeys == ["echo.async", "echo.async"])
    }

    @Test func aConnectionThatClosesWhileTheChannelIsOpenedPublishesNothing() async throws {
        // The first channel is the replies'.
        let test = try await ClientTest.start { frame in
            (frame.classID, frame.methodID) == (20, 10) && frame.channel > 1 ? [] : nil
        }
        let connection = try await AMQPConnection.connect(test.settings)
        let lambda = try await LambdaClient(connection: connection)
        let waiting = Task { try await self.event(lambda, "echo", InvocationOptions()) }
        try await waitUntil { test.count(20, 10) > 1 }
        await connection.close()
        // It is tried again, and there is no client any more.
        let error = try await self.error { try await waiting.value }
        #expect(error.code == .closed)
        #expect(!error.mayHaveExecuted)
        #expect(test.functions.routingKeys == [])
    }

    @Test func withoutAConfirmTheTimeoutEndsTheWait() async throws {
        let test = try await ClientTest.start()
        try await withLambdaClient(test.settings) { lambda in
            // The channel is open then, and the next event leaves at once.
            try await self.event(lambda, "echo", InvocationOptions())
            let error = try await self.error { try await self.event(lambda, "silent", self.soon) }
            #expect(error.code == .noAnswer)
            #expect(error.mayHaveExecuted)
        }
    }

    @Test func nobodyWaitsForAChannelThatTheBrokerDoesNotOpen() async throws {
        // The first channel is the replies'.
        let test = try await ClientTest.start { frame in
            (frame.classID, frame.methodID) == (20, 10) && frame.channel > 1 ? [] : nil
        }
        try await withLambdaClient(test.settings) { lambda in
            let late = try await self.error { try await self.event(lambda, "echo", self.soon) }
            #expect(late.code == .unavailable)
            #expect(!late.mayHaveExecuted)
            let cancelled = try await self.errorWhenCancelled(once: { test.count(20, 10) > 1 }) {
                try await self.event(lambda, "echo", InvocationOptions(timeout: .seconds(300)))
            }
            #expect(cancelled.code == .cancelled)
            #expect(!cancelled.mayHaveExecuted)
        }
        #expect(test.functions.routingKeys == [])
    }

    @Test func anEventWhoseTimeIsOverIsNotPublishedOnceThereIsRoom() async throws {
        let test = try await ClientTest.start()
        let proxy = try await TCPProxy(to: "127.0.0.1", test.broker.port)
        try await withLambdaClient(test.settings(port: proxy.port)) { lambda in
            try await self.event(lambda, "echo", InvocationOptions())
            try await proxy.stall(true, [.toServer])
            // As much as the buffers on the way take, so that what comes after it waits.
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<256 {
                    group.addTask {
                        _ = try? await lambda.invokeEvent(
                            "fill", payload: ByteBuffer(repeating: 0x20, count: 100_000),
                            options: InvocationOptions(timeout: .milliseconds(500), retryPolicy: .once))
                    }
                }
            }
            let late = try await self.error { try await self.event(lambda, "silent", self.soon) }
            #expect(late.code == .unavailable)
            #expect(!late.mayHaveExecuted)
            let waiting = Task { try await self.event(lambda, "silent", InvocationOptions(timeout: .seconds(300))) }
            try await Task.sleep(for: .milliseconds(20))
            waiting.cancel()
            let cancelled = try await self.error { try await waiting.value }
            #expect(cancelled.code == .cancelled)
            try await proxy.stall(false)
            try await self.event(lambda, "echo", InvocationOptions(timeout: .seconds(30)))
            let routingKeys = test.functions.routingKeys
            #expect(routingKeys.contains("fill.async"))
            #expect(routingKeys.count { $0 == "fill.async" } < 256)
            #expect(!routingKeys.contains("silent.async"))
        }
        try await proxy.stop()
    }

    @Test func aChannelThatWasClosedIsOpenedOnceForAll() async throws {
        let test = try await ClientTest.start { frame in
            var arguments = frame.arguments
            guard (frame.classID, frame.methodID) == (60, 40) else { return nil }
            _ = arguments.integer(2)
            _ = arguments.shortString()
            guard arguments.shortString() == "closes.async" else { return nil }
            return [.channelClose(404, "NOT_FOUND - no exchange", on: frame.channel)]
        }
        try await withLambdaClient(test.settings) { lambda in
            await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<10 { group.addTask { try await self.event(lambda, "echo", InvocationOptions()) } }
            }
            #expect(test.count(20, 10) == 2)
            _ = try await self.error { try await self.event(lambda, "closes", .init(retryPolicy: .once)) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 { group.addTask { try await self.event(lambda, "echo", InvocationOptions()) } }
                try await group.waitForAll()
            }
            #expect(test.count(20, 10) == 3)
        }
        #expect(test.broker.failures == [])
    }
}
