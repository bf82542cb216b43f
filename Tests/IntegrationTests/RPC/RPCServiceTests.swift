import AMQP
import AMQPRPC
import Logging
import NIOConcurrencyHelpers
import NIOCore
import ServiceLifecycle
import TestSupport
import Testing

/// A server as a service of a `ServiceGroup`.
@Suite(.timeLimit(.minutes(2))) struct RPCServiceTests {
    private func group(_ server: RPCServer) -> ServiceGroup {
        ServiceGroup(services: [server], logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    @Test func aGracefulShutdownUnderLoadLosesNoCallAndNoReply() async throws {
        let handled = NIOLockedValueBox(0)
        let handler: RPCServer.Handler = { context in
            try await Task.sleep(for: .milliseconds(2))
            handled.withLockedValue { $0 += 1 }
            return .reply(RPCReply(body: context.body))
        }
        try await RPCSetUp.run { test in
            var configuration = test.configuration
            configuration.concurrency = 16
            let group = self.group(test.server(configuration, handler))
            let serving = Task { try await group.run() }
            try await withThrowingTaskGroup { callers in
                for caller in 0..<50 {
                    callers.addTask {
                        for number in 0..<20 {
                            let text = "\(caller)-\(number)"
                            let reply = try await test.client.call(test.request(text), timeout: .seconds(60))
                            #expect(String(buffer: reply.body) == text)
                        }
                    }
                }
                try await waitUntil { handled.withLockedValue { $0 } >= 200 }
                await group.triggerGracefulShutdown()
                try await test.whileServing(configuration, handler) {
                    try await callers.waitForAll()
                    try await serving.value
                }
            }
            #expect(handled.withLockedValue { $0 } == 1000)
        }
    }

    @Test(arguments: [false, true])
    func aHandlerThatDoesNotEndIsGivenUpAndItsRequestDeliveredAgain(isCancelled: Bool) async throws {
        let (released, release) = AsyncStream.makeStream(of: Void.self)
        let (cancelled, cancellation) = AsyncStream.makeStream(of: Void.self)
        let began = NIOLockedValueBox(false)
        let log = LogRecorder()
        try await RPCSetUp.run { test in
            var configuration = test.configuration
            configuration.shutdownTimeout = .milliseconds(200)
            configuration.logger = log.logger
            let group = self.group(
                test.server(configuration) { context in
                    began.withLockedValue { $0 = true }
                    await withTaskCancellationHandler {
                        // Not this task's to cancel.
                        await Task { for await _ in released {} }.value
                    } onCancel: {
                        cancellation.finish()
                    }
                    return .reply(RPCReply(body: ByteBuffer(string: "too late")))
                })
            let serving = Task { try await group.run() }
            let call = Task { try await test.call() }
            try await waitUntil { began.withLockedValue { $0 } }
            if isCancelled { serving.cancel() } else { await group.triggerGracefulShutdown() }
            _ = await serving.result
            for await _ in cancelled {}
            let line = try #require(log.lines.first)
            #expect(line.message == "Requests were being handled when the time to end them was up")
            #expect(line.metadata == ["queue": test.queue.name, "requests": "1"])
            try await test.whileServing(test.configuration) { context in
                .reply(RPCReply(body: ByteBuffer(string: "again: \(context.isRedelivered)")))
            } _: {
                let reply = try await call.value
                #expect(reply == "again: true")
            }
            release.finish()
        }
    }

    @Test func cancellationStopsAtOnceAndTheRequestGoesBack() async throws {
        let began = NIOLockedValueBox(false)
        try await RPCSetUp.run { test in
            var configuration = test.configuration
            configuration.shutdownTimeout = .seconds(3600)
            let group = self.group(
                test.server(configuration) { _ in
                    began.withLockedValue { $0 = true }
                    try await Task.sleep(for: .seconds(3600))
                    return .noReply
                })
            let serving = Task { try await group.run() }
            let call = Task { try await test.call() }
            try await waitUntil { began.withLockedValue { $0 } }
            serving.cancel()
            _ = await serving.result
            let channel = try await test.serverConnection.openChannel()
            try await waitUntil { try await channel.checkQueue(test.queue.name).messageCount == 1 }
            call.cancel()
        }
    }

    @Test func theConnectionsEndIsTheServices() async throws {
        try await RPCSetUp.run { test in
            let connection = try await IntegrationBroker.connect()
            let server = RPCServer(connection: connection, configuration: test.configuration) { _ in .noReply }
            let serving = Task { try await self.group(server).run() }
            let channel = try await test.serverConnection.openChannel()
            try await waitUntil { try await channel.checkQueue(test.queue.name).consumerCount == 1 }
            await connection.close()
            let error = await #expect(throws: AMQPError.self) { try await serving.value }
            #expect(error?.code == .connectionClosed)
        }
    }
}
