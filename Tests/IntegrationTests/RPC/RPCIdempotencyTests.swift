import AMQP
import AMQPRPC
import NIOConcurrencyHelpers
import NIOCore
import TestSupport
import Testing

/// Requests that come again under their key.
@Suite(.timeLimit(.minutes(2))) struct RPCIdempotencyTests {
    private let queue = ServedQueue()

    @Test func aRequestThatIsRepeatedIsHandledOnce() async throws {
        let count = NIOLockedValueBox(0)
        let (released, release) = AsyncStream.makeStream(of: Void.self)
        try await self.queue.withServer(
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
                String(buffer: try await client.call(self.queue.request(key: key), timeout: .seconds(30)).body)
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
            let tooLong = try await self.queue.error { _ = try await call(String(repeating: "k", count: 256)) }
            #expect(tooLong.fault == .invalidIdempotencyKey)
        }
    }

    @Test func aRequestThatHasJoinedOneWhoseTimeIsOverIsHandledItself() async throws {
        let count = NIOLockedValueBox(0)
        try await self.queue.withServer(
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
            let first = Task { try await client.call(self.queue.request(key: "k"), timeout: .seconds(1)) }
            try await waitUntil { count.withLockedValue { $0 } > 0 }
            let second = try await client.call(self.queue.request(key: "k"), timeout: .seconds(60))
            #expect(String(buffer: second.body) == "2")
            let error = try await self.queue.error { _ = try await first.value }
            #expect(error.code == .timedOut || error.fault == .deadlineExceeded)
        }
    }

    @Test func aKeyThatComesWithAnotherBodyIsRefused() async throws {
        try await self.queue.withServer(
            remembers: RPCRememberedReplies(), handler: { .reply(RPCReply(body: $0.body)) }
        ) { client, _, _ in
            for _ in 0..<2 {
                let reply = try await client.call(self.queue.request("tea", key: "k"), timeout: .seconds(30))
                #expect(String(buffer: reply.body) == "tea")
            }
            let error = try await self.queue.error {
                _ = try await client.call(self.queue.request("coffee", key: "k"), timeout: .seconds(30))
            }
            #expect(error.fault == .idempotencyKeyReused && !error.isRetriable)
        }
    }

    @Test func anErrorThatMayPassIsNotRemembered() async throws {
        let count = NIOLockedValueBox(0)
        try await self.queue.withServer(
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
                let error = try await self.queue.error {
                    _ = try await client.call(self.queue.request(key: "k"), timeout: .seconds(30))
                }
                #expect(error.fault?.type == expected)
            }
        }
    }
}
