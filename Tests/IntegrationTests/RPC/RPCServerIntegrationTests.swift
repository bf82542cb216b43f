import AMQP
import AMQPRPC
import NIOConcurrencyHelpers
import NIOCore
import TestSupport
import Testing

/// What a server does besides answering: errors, deadlines, signs of life, shutdown.
@Suite(.timeLimit(.minutes(2))) struct RPCServerIntegrationTests {
    private let queue = ServedQueue()

    @Test func whatAHandlerThrowsIsItsCallersTypedError() async throws {
        let refusal = RPCFault(
            type: "OutOfStock", status: 409, message: "none left", isRetriable: true, details: .init(string: "3"))
        try await self.queue.withServer(handler: { context in
            if context.body == ByteBuffer(string: "refuse") { throw refusal }
            struct Secret: Error {}
            throw Secret()
        }) { client, _, _ in
            let refused = try await self.queue.error {
                _ = try await client.call(self.queue.request("refuse"), timeout: .seconds(30))
            }
            #expect(refused.code == .fault && refused.isRetriable && refused.fault == refusal)
            let failed = try await self.queue.error { _ = try await client.call(self.queue.request(), timeout: .seconds(30)) }
            #expect(failed.fault == .handlerFailed && !failed.isRetriable)
        }
    }

    @Test func aHandlerKnowsItsDeadlineAndIsCancelledThen() async throws {
        let remaining = NIOLockedValueBox<Duration?>(nil)
        let wasCancelled = NIOLockedValueBox(false)
        try await self.queue.withServer(handler: { context in
            remaining.withLockedValue { $0 = context.timeRemaining }
            do { try await Task.sleep(for: .seconds(60)) } catch {
                wasCancelled.withLockedValue { $0 = true }
                throw error
            }
            return .noReply
        }) { client, _, _ in
            let error = try await self.queue.error { _ = try await client.call(self.queue.request(), timeout: .milliseconds(500)) }
            #expect(error.code == .timedOut || error.fault == .deadlineExceeded)
            try await waitUntil { wasCancelled.withLockedValue { $0 } }
            let told = try #require(remaining.withLockedValue { $0 })
            #expect(told > .milliseconds(100) && told <= .milliseconds(500))
        }
    }


    // MARK: Beats

    @Test func aCallMayTakeLongAsLongAsItsServerGivesSignsOfLife() async throws {
        try await self.queue.withServer(handler: { _ in
            try await Task.sleep(for: .seconds(6))
            return .reply(RPCReply(body: ByteBuffer(string: "done")))
        }) { client, _, _ in
            let reply = try await client.call(self.queue.request(), timeout: .seconds(60), silenceTimeout: .seconds(3))
            #expect(String(buffer: reply.body) == "done")
            // Beats are no replies that nobody waited for.
            #expect(try await client.eventLoop.submit { client.droppedReplyCount }.get() == 0)
        }
    }

    @Test func aCallOfALostServerFailsAfterTheSilence() async throws {
        let connection = try await IntegrationBroker.connect()
        let channel = try await connection.openChannel()
        try await channel.declareQueue(AMQPQueueDeclaration(name: self.queue.name, arguments: ["x-expires": 60_000]))
        let client = try await RPCClient.start(on: connection)
        let began = ContinuousClock.now
        let error = try await self.queue.error {
            _ = try await client.call(self.queue.request(), timeout: .seconds(3600), silenceTimeout: .milliseconds(200))
        }
        #expect(error.code == .timedOut)
        #expect(ContinuousClock.now - began < .seconds(30))
        // Not begun in that time, it is not begun at all.
        try await waitUntil { try await channel.checkQueue(self.queue.name).messageCount == 0 }
        #expect(try await client.eventLoop.submit { client.callCount }.get() == 0)
        try await channel.deleteQueue(self.queue.name)
        await connection.close()
    }

    @Test func aWatchedCallHasTheWholeTimeoutForItsHandler() async throws {
        try await self.queue.withServer(handler: { context in
            .reply(RPCReply(body: ByteBuffer(string: "\((context.timeRemaining ?? .zero) > .seconds(3000))")))
        }) { client, _, _ in
            let reply = try await client.call(self.queue.request(), timeout: .seconds(3600), silenceTimeout: .seconds(5))
            #expect(String(buffer: reply.body) == "true")
        }
    }


    // MARK: Shutdown

    @Test func aShutdownUnderLoadLosesNoCallAndNoReply() async throws {
        let handled = NIOLockedValueBox(0)
        let handler: RPCServer.Handler = { context in
            try await Task.sleep(for: .milliseconds(2))
            handled.withLockedValue { $0 += 1 }
            return .reply(RPCReply(body: context.body))
        }
        try await self.queue.withServer(concurrency: 16, handler: handler) { client, server, connection in
            let second = RPCServer(
                connection: connection,
                configuration: RPCServerConfiguration(
                    queue: AMQPQueueDeclaration(name: self.queue.name), declaresQueue: false, concurrency: 16),
                handler: handler)
            try await withThrowingTaskGroup { group in
                for caller in 0..<50 {
                    group.addTask {
                        for number in 0..<20 {
                            let text = "\(caller)-\(number)"
                            let reply = try await client.call(self.queue.request(text), timeout: .seconds(60))
                            #expect(String(buffer: reply.body) == text)
                        }
                    }
                }
                try await waitUntil { handled.withLockedValue { $0 } >= 200 }
                server.triggerGracefulShutdown()
                let serving = Task { try await second.run() }
                try await group.waitForAll()
                second.triggerGracefulShutdown()
                try await serving.value
            }
            // Handled once each: what the first server had not begun went back, what it had begun was answered.
            #expect(handled.withLockedValue { $0 } == 1000)
        }
    }
}
