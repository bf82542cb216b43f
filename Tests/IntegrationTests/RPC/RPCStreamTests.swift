import AMQP
import AMQPRPC
import NIOConcurrencyHelpers
import NIOCore
import TestSupport
import Testing

/// Calls with several replies, through a real RabbitMQ.
@Suite(.timeLimit(.minutes(2))) struct RPCStreamTests {
    private let queue = ServedQueue()

    @Test(arguments: [1, 3, 64])
    func aStreamArrivesWholeAndInOrder(window: Int) async throws {
        try await self.queue.withServer(
            allowsStreams: true,
            handler: { context in
                #expect(context.wantsStream)
                for number in 0..<500 { try await context.send(RPCReply(body: ByteBuffer(integer: number))) }
                return .reply(RPCReply(body: ByteBuffer(integer: 500)))
            }
        ) { client, _, _ in
            var numbers: [Int] = []
            for try await reply in try client.stream(self.queue.request(), timeout: .seconds(60), window: window) {
                numbers.append(try #require(reply.body.getInteger(at: reply.body.readerIndex, as: Int.self)))
            }
            #expect(numbers == Array(0...500))
            #expect(try await client.eventLoop.submit { client.callCount }.get() == 0)
        }
    }

    @Test func aReaderThatPausesHoldsItsHandlerBack() async throws {
        let sent = NIOLockedValueBox(0)
        try await self.queue.withServer(
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
            let stream = try client.stream(self.queue.request(), timeout: .seconds(60), window: 10)
            var iterator = stream.makeAsyncIterator()
            _ = try await iterator.next()
            // One has been taken, and credit comes for half a window: no more than the window leaves.
            try await waitUntil { sent.withLockedValue { $0 } >= 10 }
            for _ in 0..<20 { _ = try await client.call(self.queue.request("other"), timeout: .seconds(30)) }
            #expect(sent.withLockedValue { $0 } == 10)
            var count = 1
            while try await iterator.next() != nil { count += 1 }
            #expect(count == 100)
        }
    }

    @Test func aReaderThatLeavesCancelsItsHandler() async throws {
        let wasCancelled = NIOLockedValueBox(false)
        try await self.queue.withServer(
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
            for try await _ in try client.stream(self.queue.request(), timeout: .seconds(600), window: 4) { break }
            try await waitUntil { wasCancelled.withLockedValue { $0 } }
            #expect(try await client.eventLoop.submit { client.callCount }.get() == 0)
            // The request is done with: nothing comes back to the queue.
            let channel = try await connection.openChannel()
            try await waitUntil { try await channel.checkQueue(self.queue.name).messageCount == 0 }
        }
    }

    @Test func aReaderThatLeavesBeforeTheFirstElementCancelsItsHandlerWithIt() async throws {
        let wasCancelled = NIOLockedValueBox(false)
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let (released, release) = AsyncStream.makeStream(of: Void.self)
        try await self.queue.withServer(
            allowsStreams: true,
            handler: { context in
                begin.finish()
                for await _ in released {}
                do throws(AMQPError) {
                    while true { try await context.send(RPCReply(body: ByteBuffer(string: "more"))) }
                } catch {
                    wasCancelled.withLockedValue { $0 = error.code == .cancelled }
                    throw error
                }
            }
        ) { client, _, _ in
            let reading = Task {
                for try await _ in try client.stream(self.queue.request(), timeout: .seconds(600), window: 4) {}
            }
            for await _ in begun {}
            reading.cancel()
            _ = await reading.result
            release.finish()
            try await waitUntil { wasCancelled.withLockedValue { $0 } }
            #expect(try await client.eventLoop.submit { client.callCount }.get() == 0)
        }
    }

    @Test func aStreamEndsWithItsHandlersError() async throws {
        let fault = RPCFault(type: "HalfWay", message: "no more")
        try await self.queue.withServer(
            allowsStreams: true,
            handler: { context in
                try await context.send(RPCReply(body: ByteBuffer(string: "one")))
                throw fault
            }
        ) { client, _, _ in
            var count = 0
            let error = try await self.queue.error {
                for try await _ in try client.stream(self.queue.request(), timeout: .seconds(60)) { count += 1 }
            }
            #expect(count == 1)
            #expect(error.fault == fault)
        }
    }

    @Test func aServerWithoutStreamsAnswersOnceAndMayNotSend() async throws {
        try await self.queue.withServer(handler: { context in
            let error = try await self.queue.error { try await context.send(RPCReply(body: ByteBuffer())) }
            return .reply(RPCReply(body: ByteBuffer(string: "\(context.wantsStream) \(error.code)")))
        }) { client, _, _ in
            var texts: [String] = []
            for try await reply in try client.stream(self.queue.request(), timeout: .seconds(60)) {
                texts.append(String(buffer: reply.body))
            }
            #expect(texts == ["false invalidArgument"])
        }
    }

    @Test func aLostServerBreaksItsStreams() async throws {
        let isSending = NIOLockedValueBox(false)
        try await self.queue.withServer(
            allowsStreams: true,
            handler: { context in
                try await context.send(RPCReply(body: ByteBuffer(string: "one")))
                isSending.withLockedValue { $0 = true }
                // A second server begins again when the request is delivered to it.
                if !context.isRedelivered { try? await Task.sleep(for: .seconds(60)) }
                return .noReply
            }
        ) { client, _, connection in
            let stream = try client.stream(self.queue.request(), timeout: .seconds(30))
            var iterator = stream.makeAsyncIterator()
            _ = try await iterator.next()
            try await waitUntil { isSending.withLockedValue { $0 } }
            try await connection.eventLoop.submit {
                connection.link?.abort(AMQPError(.connectionLost, "cut by the test"))
            }.get()
            let error = try await self.queue.error { while try await iterator.next() != nil {} }
            #expect(error.code == .connectionLost && error.isTransient)
        }
    }
}
