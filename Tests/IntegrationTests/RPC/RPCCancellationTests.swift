import AMQP
import AMQPRPC
import Foundation
import NIOCore
import NIOConcurrencyHelpers
import TestSupport
import Testing

/// Calls that are given up at any moment leave nothing behind.
@Suite(.timeLimit(.minutes(2))) struct RPCCancellationTests {
    private let queue = "test-rpc-cancel-\(UUID().uuidString)"

    private struct Counts {
        var replied = 0
        var cancelled = 0
        var crossed = 0
        var failed: [String] = []
        var isOver = false
        /// About how long a call that nobody cancels takes now, in microseconds: what random moments are measured by.
        var microseconds = 10_000

        mutating func took(_ duration: Duration) {
            self.microseconds = max(100, (7 * self.microseconds + Int(duration / .microseconds(1))) / 8)
        }
    }

    private final class Ledger: Sendable {
        let counts = NIOLockedValueBox(Counts())
    }

    private func call(_ client: RPCClient, _ text: String, _ ledger: Ledger) async {
        do throws(AMQPError) {
            let request = RPCRequest(routingKey: AMQPShortString(self.queue), body: ByteBuffer(string: text))
            let reply = try await client.call(request, timeout: .seconds(20))
            let isOwn = String(buffer: reply.body) == text
            ledger.counts.withLockedValue {
                $0.replied += 1
                if !isOwn { $0.crossed += 1 }
            }
        } catch {
            ledger.counts.withLockedValue {
                if error.code == .cancelled { $0.cancelled += 1 } else { $0.failed.append("\(error)") }
            }
        }
    }

    @Test func tenThousandCallsCancelledAtRandomMomentsUnderLoadLeaveNothing() async throws {
        let replyQueue = NIOLockedValueBox("")
        let serverConnection = try await IntegrationBroker.connect()
        let channel = try await serverConnection.openChannel()
        let queue = AMQPQueueDeclaration(name: self.queue, arguments: ["x-expires": 60_000])
        try await channel.declareQueue(queue)
        let server = RPCServer(
            connection: serverConnection, configuration: RPCServerConfiguration(queue: queue, concurrency: 64)
        ) { context in
            replyQueue.withLockedValue { $0 = context.properties.replyTo?.string ?? "" }
            // Some take a while, so that calls are cancelled while they run and while they wait in the queue.
            if context.body.readableBytes % 3 == 0 { try? await Task.sleep(for: .milliseconds(1)) }
            return .reply(RPCReply(body: context.body))
        }
        let serving = Task { try await server.run() }
        let connection = try await IntegrationBroker.connect()
        let client = try await RPCClient.start(on: connection)
        let ledger = Ledger()
        try await withThrowingDiscardingTaskGroup { group in
            // The load: calls that nobody cancels, beside those that are.
            for caller in 0..<8 {
                group.addTask {
                    var number = 0
                    while !ledger.counts.withLockedValue({ $0.isOver }) {
                        let request = RPCRequest(
                            routingKey: AMQPShortString(self.queue),
                            body: ByteBuffer(string: "load \(caller) \(number)"))
                        let began = ContinuousClock.now
                        let reply = try await client.call(request, timeout: .seconds(60))
                        ledger.counts.withLockedValue { $0.took(ContinuousClock.now - began) }
                        #expect(reply.body == request.body)
                        number += 1
                    }
                }
            }
            await withDiscardingTaskGroup { callers in
                for caller in 0..<100 {
                    callers.addTask {
                        var random = FixedRandom(seed: UInt64(caller))
                        for number in 0..<100 {
                            await self.cancelledCall(client, "\(caller)-\(number)", &random, ledger)
                        }
                    }
                }
            }
            ledger.counts.withLockedValue { $0.isOver = true }
        }
        let result = ledger.counts.withLockedValue { $0 }
        #expect(result.crossed == 0)
        #expect(result.failed == [])
        #expect(result.replied + result.cancelled == 10_000)
        // Both happen often, or the moments were not random enough to prove anything.
        #expect(result.replied > 500 && result.cancelled > 500, "\(result.replied) \(result.cancelled)")
        let (calls, deadlines) = try await client.eventLoop.submit { (client.callCount, client.deadlineCount) }.get()
        #expect(calls == 0)
        #expect(deadlines <= 64)
        // What was cancelled in the queue is still handled there, and its reply dropped.
        try await waitUntil { try await channel.checkQueue(self.queue).messageCount == 0 }
        let ownChannel = try await connection.openChannel()
        #expect(try await ownChannel.checkQueue(replyQueue.withLockedValue { $0 }).messageCount == 0)
        serving.cancel()
        try await serving.value
        try await channel.deleteQueue(self.queue)
        await serverConnection.close()
        await connection.close()
    }

    /// Makes a call, and cancels it at some moment: before it is sent, in the queue, while it runs, as the reply arrives.
    private func cancelledCall(
        _ client: RPCClient, _ text: String, _ random: inout FixedRandom, _ ledger: Ledger
    ) async {
        let pause = Int.random(in: 0...(3 * ledger.counts.withLockedValue { $0.microseconds }), using: &random)
        let isSudden = Int.random(in: 0..<10, using: &random) == 0
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await self.call(client, text, ledger)
                return true
            }
            if isSudden { return group.cancelAll() }
            group.addTask {
                try? await Task.sleep(for: .microseconds(pause))
                return false
            }
            _ = await group.next()
            group.cancelAll()
        }
    }

    @Test func cancelledRequestsThatNobodyHasBegunExpireInTheirQueue() async throws {
        let connection = try await IntegrationBroker.connect()
        let channel = try await connection.openChannel()
        try await channel.declareQueue(AMQPQueueDeclaration(name: self.queue))
        let client = try await RPCClient.start(on: connection)
        let request = RPCRequest(routingKey: AMQPShortString(self.queue), body: ByteBuffer(string: "x"))
        try await withThrowingDiscardingTaskGroup { group in
            for _ in 0..<1000 {
                group.addTask { _ = try? await client.call(request, timeout: .seconds(5)) }
            }
            // All of them are there; then nobody waits for any.
            try await waitUntil { try await channel.checkQueue(self.queue).messageCount == 1000 }
            group.cancelAll()
        }
        let (calls, deadlines) = try await client.eventLoop.submit { (client.callCount, client.deadlineCount) }.get()
        #expect(calls == 0 && deadlines <= 64)
        #expect(try await channel.checkQueue(self.queue).messageCount == 1000)
        try await waitUntil { try await channel.checkQueue(self.queue).messageCount == 0 }
        try await channel.deleteQueue(self.queue)
        await connection.close()
    }
}
