import AMQP
import AMQPRPC
import Foundation
import NIOCore
import NIOConcurrencyHelpers
import TestSupport
import Testing

/// What a server does besides answering: errors, deadlines, streams, beats, remembered replies, shutdown.
@Suite(.timeLimit(.minutes(2))) struct RPCServerIntegrationTests {
    private let queue = "test-rpc-server-\(UUID().uuidString)"

    private func request(_ body: String = "x", key: String? = nil) -> RPCRequest {
        var request = RPCRequest(routingKey: AMQPShortString(self.queue), body: ByteBuffer(string: body))
        request.idempotencyKey = key
        return request
    }

    /// Runs a test between a client and a server on connections of their own; the queue goes at its end.
    private func withServer(
        concurrency: Int = 8, allowsStreams: Bool = false, remembers: RPCRememberedReplies? = nil,
        handler: @escaping RPCServer.Handler, _ body: (RPCClient, RPCServer, AMQPConnection) async throws -> Void
    ) async throws {
        let serverConnection = try await IntegrationBroker.connect()
        let channel = try await serverConnection.openChannel()
        let queue = AMQPQueueDeclaration(name: self.queue, arguments: ["x-expires": 60_000])
        _ = try await channel.declareQueue(queue)
        let server = RPCServer(
            connection: serverConnection,
            configuration: RPCServerConfiguration(
                queue: queue, concurrency: concurrency, allowsStreams: allowsStreams, rememberedReplies: remembers),
            handler: handler)
        let serving = Task { try await server.run() }
        let connection = try await IntegrationBroker.connect()
        let client = try await RPCClient.start(on: connection)
        try await body(client, server, serverConnection)
        serving.cancel()
        _ = await serving.result
        try await connection.openChannel().deleteQueue(self.queue)
        await serverConnection.close()
        await connection.close()
    }

    private func error(_ body: () async throws -> Void) async throws -> AMQPError {
        do {
            try await body()
        } catch {
            return try #require(error as? AMQPError)
        }
        throw Missing()
    }

    private struct Missing: Error {}

    @Test func whatAHandlerThrowsIsItsCallersTypedError() async throws {
        let refusal = RPCFault(
            type: "OutOfStock", status: 409, message: "none left", isRetriable: true, details: .init(string: "3"))
        try await self.withServer(handler: { context in
            if context.body == ByteBuffer(string: "refuse") { throw refusal }
            struct Secret: Error {}
            throw Secret()
        }) { client, _, _ in
            let refused = try await self.error {
                _ = try await client.call(self.request("refuse"), timeout: .seconds(30))
            }
            #expect(refused.code == .fault && refused.isRetriable && refused.fault == refusal)
            let failed = try await self.error { _ = try await client.call(self.request(), timeout: .seconds(30)) }
            #expect(failed.fault == .handlerFailed && !failed.isRetriable)
        }
    }

    @Test func aHandlerKnowsItsDeadlineAndIsCancelledThen() async throws {
        let remaining = NIOLockedValueBox<Duration?>(nil)
        let wasCancelled = NIOLockedValueBox(false)
        try await self.withServer(handler: { context in
            remaining.withLockedValue { $0 = context.timeRemaining }
            do { try await Task.sleep(for: .seconds(60)) } catch {
                wasCancelled.withLockedValue { $0 = true }
                throw error
            }
            return .noReply
        }) { client, _, _ in
            let error = try await self.error { _ = try await client.call(self.request(), timeout: .milliseconds(500)) }
            #expect(error.code == .timedOut || error.fault == .deadlineExceeded)
            try await waitUntil { wasCancelled.withLockedValue { $0 } }
            let told = try #require(remaining.withLockedValue { $0 })
            #expect(told > .milliseconds(100) && told <= .milliseconds(500))
        }
    }

    // MARK: Streams

    @Test(arguments: [1, 3, 64])
    func aStreamArrivesWholeAndInOrder(window: Int) async throws {
        try await self.withServer(
            allowsStreams: true,
            handler: { context in
                #expect(context.wantsStream)
                for number in 0..<500 { try await context.send(RPCReply(body: ByteBuffer(integer: number))) }
                return .reply(RPCReply(body: ByteBuffer(integer: 500)))
            }
        ) { client, _, _ in
            var numbers: [Int] = []
            for try await reply in try client.stream(self.request(), timeout: .seconds(60), window: window) {
                numbers.append(try #require(reply.body.getInteger(at: reply.body.readerIndex, as: Int.self)))
            }
            #expect(numbers == Array(0...500))
            #expect(try await client.eventLoop.submit { client.callCount }.get() == 0)
        }
    }

    @Test func aReaderThatPausesHoldsItsHandlerBack() async throws {
        let sent = NIOLockedValueBox(0)
        try await self.withServer(
            allowsStreams: true,
            handler: { context in
                guard context.wantsStream else { return .reply(RPCReply(body: context.body)) }
                for _ in 0..<100 {
                    try await context.send(RPCReply(body: ByteBuffer(string: "element")))
                    sent.withLockedValue { $0 += 1 }
                }
                return .noReply
            }
        ) { client, _, _ in
            let stream = try client.stream(self.request(), timeout: .seconds(60), window: 10)
            var iterator = stream.makeAsyncIterator()
            _ = try await iterator.next()
            // One has been taken, and credit comes for half a window: no more than the window leaves.
            try await waitUntil { sent.withLockedValue { $0 } >= 10 }
            for _ in 0..<20 { _ = try await client.call(self.request("other"), timeout: .seconds(30)) }
            #expect(sent.withLockedValue { $0 } == 10)
            var count = 1
            while try await iterator.next() != nil { count += 1 }
            #expect(count == 100)
        }
    }

    @Test func aReaderThatLeavesCancelsItsHandler() async throws {
        let wasCancelled = NIOLockedValueBox(false)
        try await self.withServer(
            allowsStreams: true,
            handler: { context in
                do throws(AMQPError) {
                    while true { try await context.send(RPCReply(body: ByteBuffer(string: "more"))) }
                } catch {
                    wasCancelled.withLockedValue { $0 = error.code == .cancelled }
                    throw error
                }
            }
        ) { client, _, connection in
            for try await _ in try client.stream(self.request(), timeout: .seconds(60), window: 4) { break }
            try await waitUntil { wasCancelled.withLockedValue { $0 } }
            #expect(try await client.eventLoop.submit { client.callCount }.get() == 0)
            // The request is done with: nothing comes back to the queue.
            let channel = try await connection.openChannel()
            try await waitUntil { try await channel.checkQueue(self.queue).messageCount == 0 }
        }
    }

    @Test func aStreamEndsWithItsHandlersError() async throws {
        let fault = RPCFault(type: "HalfWay", message: "no more")
        try await self.withServer(
            allowsStreams: true,
            handler: { context in
                try await context.send(RPCReply(body: ByteBuffer(string: "one")))
                throw fault
            }
        ) { client, _, _ in
            var count = 0
            let error = try await self.error {
                for try await _ in try client.stream(self.request(), timeout: .seconds(60)) { count += 1 }
            }
            #expect(count == 1)
            #expect(error.fault == fault)
        }
    }

    @Test func aServerWithoutStreamsAnswersOnceAndMayNotSend() async throws {
        try await self.withServer(handler: { context in
            let error = try await self.error { try await context.send(RPCReply(body: ByteBuffer())) }
            return .reply(RPCReply(body: ByteBuffer(string: "\(context.wantsStream) \(error.code)")))
        }) { client, _, _ in
            var texts: [String] = []
            for try await reply in try client.stream(self.request(), timeout: .seconds(60)) {
                texts.append(String(buffer: reply.body))
            }
            #expect(texts == ["false invalidArgument"])
        }
    }

    @Test func aLostServerBreaksItsStreams() async throws {
        let isSending = NIOLockedValueBox(false)
        try await self.withServer(
            allowsStreams: true,
            handler: { context in
                try await context.send(RPCReply(body: ByteBuffer(string: "one")))
                isSending.withLockedValue { $0 = true }
                // A second server begins again when the request is delivered to it.
                if !context.isRedelivered { try? await Task.sleep(for: .seconds(60)) }
                return .noReply
            }
        ) { client, _, connection in
            let stream = try client.stream(self.request(), timeout: .seconds(30))
            var iterator = stream.makeAsyncIterator()
            _ = try await iterator.next()
            try await waitUntil { isSending.withLockedValue { $0 } }
            try await connection.eventLoop.submit {
                connection.link?.abort(AMQPError(.connectionLost, "cut by the test"))
            }.get()
            let error = try await self.error { while try await iterator.next() != nil {} }
            #expect(error.code == .connectionLost && error.isRetriable)
        }
    }

    // MARK: Beats

    @Test func aCallMayTakeLongAsLongAsItsServerGivesSignsOfLife() async throws {
        try await self.withServer(handler: { _ in
            try await Task.sleep(for: .seconds(6))
            return .reply(RPCReply(body: ByteBuffer(string: "done")))
        }) { client, _, _ in
            let reply = try await client.call(self.request(), timeout: .seconds(60), silenceTimeout: .seconds(3))
            #expect(String(buffer: reply.body) == "done")
            // Beats are no replies that nobody waited for.
            #expect(try await client.eventLoop.submit { client.droppedReplyCount }.get() == 0)
        }
    }

    @Test func aCallOfALostServerFailsAfterTheSilence() async throws {
        let connection = try await IntegrationBroker.connect()
        let channel = try await connection.openChannel()
        _ = try await channel.declareQueue(AMQPQueueDeclaration(name: self.queue, arguments: ["x-expires": 60_000]))
        let client = try await RPCClient.start(on: connection)
        let began = ContinuousClock.now
        let error = try await self.error {
            _ = try await client.call(self.request(), timeout: .seconds(3600), silenceTimeout: .milliseconds(200))
        }
        #expect(error.code == .timedOut)
        #expect(ContinuousClock.now - began < .seconds(30))
        // Not begun in that time, it is not begun at all.
        try await waitUntil { try await channel.checkQueue(self.queue).messageCount == 0 }
        #expect(try await client.eventLoop.submit { client.callCount }.get() == 0)
        try await channel.deleteQueue(self.queue)
        await connection.close()
    }

    @Test func aWatchedCallHasTheWholeTimeoutForItsHandler() async throws {
        try await self.withServer(handler: { context in
            .reply(RPCReply(body: ByteBuffer(string: "\((context.timeRemaining ?? .zero) > .seconds(3000))")))
        }) { client, _, _ in
            let reply = try await client.call(self.request(), timeout: .seconds(3600), silenceTimeout: .seconds(5))
            #expect(String(buffer: reply.body) == "true")
        }
    }

    // MARK: Idempotency

    @Test func aRequestThatIsRepeatedIsHandledOnce() async throws {
        let count = NIOLockedValueBox(0)
        let (released, release) = AsyncStream.makeStream(of: Void.self)
        try await self.withServer(
            remembers: RPCRememberedReplies(),
            handler: { context in
                let number = count.withLockedValue { count in
                    count += 1
                    return count
                }
                if context.idempotencyKey == "slow" { for await _ in released { break } }
                return .reply(RPCReply(body: ByteBuffer(string: "\(number)")))
            }
        ) { client, _, connection in
            func call(_ key: String?) async throws -> String {
                String(buffer: try await client.call(self.request(key: key), timeout: .seconds(30)).body)
            }
            #expect(try await call("a") == "1")
            #expect(try await call("a") == "1")
            #expect(try await call("b") == "2")
            #expect(try await call(nil) == "3")
            // Two at once: the second joins the first.
            async let first = call("slow")
            async let second = call("slow")
            // A third request is answered while both wait: so both have been delivered before it.
            #expect(try await call("b") == "2")
            release.yield()
            #expect(try await [first, second] == ["4", "4"])
            let tooLong = try await self.error { _ = try await call(String(repeating: "k", count: 256)) }
            #expect(tooLong.fault == .invalidIdempotencyKey)
        }
    }

    @Test func aRequestThatHasJoinedOneWhoseTimeIsOverIsHandledItself() async throws {
        let count = NIOLockedValueBox(0)
        try await self.withServer(
            remembers: RPCRememberedReplies(),
            handler: { context in
                let number = count.withLockedValue { count in
                    count += 1
                    return count
                }
                if number == 1 { try await Task.sleep(for: .seconds(60)) }
                return .reply(RPCReply(body: ByteBuffer(string: "\(number)")))
            }
        ) { client, _, _ in
            let first = Task { try await client.call(self.request(key: "k"), timeout: .seconds(1)) }
            try await waitUntil { count.withLockedValue { $0 } > 0 }
            let second = try await client.call(self.request(key: "k"), timeout: .seconds(60))
            #expect(String(buffer: second.body) == "2")
            let error = try await self.error { _ = try await first.value }
            #expect(error.code == .timedOut || error.fault == .deadlineExceeded)
        }
    }

    @Test func aKeyThatComesWithAnotherBodyIsRefused() async throws {
        try await self.withServer(
            remembers: RPCRememberedReplies(), handler: { .reply(RPCReply(body: $0.body)) }
        ) { client, _, _ in
            for _ in 0..<2 {
                let reply = try await client.call(self.request("tea", key: "k"), timeout: .seconds(30))
                #expect(String(buffer: reply.body) == "tea")
            }
            let error = try await self.error {
                _ = try await client.call(self.request("coffee", key: "k"), timeout: .seconds(30))
            }
            #expect(error.fault == .idempotencyKeyReused && !error.isRetriable)
        }
    }

    @Test func anErrorThatMayPassIsNotRemembered() async throws {
        let count = NIOLockedValueBox(0)
        try await self.withServer(
            remembers: RPCRememberedReplies(),
            handler: { _ in
                let number = count.withLockedValue { count in
                    count += 1
                    return count
                }
                throw RPCFault(type: "\(number)", message: "", isRetriable: number < 2)
            }
        ) { client, _, _ in
            for expected in ["1", "2", "2"] {
                let error = try await self.error {
                    _ = try await client.call(self.request(key: "k"), timeout: .seconds(30))
                }
                #expect(error.fault?.type == expected)
            }
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
        try await self.withServer(concurrency: 16, handler: handler) { client, server, connection in
            let second = RPCServer(
                connection: connection,
                configuration: RPCServerConfiguration(
                    queue: AMQPQueueDeclaration(name: self.queue), declaresQueue: false, concurrency: 16),
                handler: handler)
            try await withThrowingTaskGroup { group in
                for caller in 0..<50 {
                    group.addTask {
                        for number in 0..<20 {
                            let text = "\(caller)-\(number)"
                            let reply = try await client.call(self.request(text), timeout: .seconds(60))
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
