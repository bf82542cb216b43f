import AMQP
import AMQPRPC
import Foundation
import LambdaAMQP
import LambdaFunction
import NIOConcurrencyHelpers
import NIOCore
import TestSupport
import Testing

/// What a daemon holds, and gives back, on a real broker.
@Suite(.timeLimit(.minutes(2))) struct CreditIntegrationTests {
    private static func uniqueName() -> String { "test-credit-\(UUID().uuidString.lowercased())" }

    /// Runs a test with a client of a function, whose queue goes at the end.
    private func withClient(
        _ queue: AMQPQueueDeclaration? = nil, _ body: (String, LambdaClient, AMQPConnection) async throws -> Void
    ) async throws {
        let caller = try await IntegrationBroker.connect()
        let name = queue?.name ?? Self.uniqueName()
        if let queue { _ = try await caller.openChannel().declareQueue(queue) }
        let client = try await LambdaClient(connection: caller)
        try await body(name, client, caller)
        await client.close()
        _ = try? await caller.openChannel().deleteQueue(name)
        await caller.close()
    }

    /// Calls, and expects the event as the answer.
    private func call(_ client: LambdaClient, _ name: String, _ event: String) async throws {
        let result = try await client.invoke(name, payload: ByteBuffer(string: "\"\(event)\""))
        #expect(String(buffer: result.payload) == "\"\(event)\"")
    }

    /// Calls so often, so many at a time.
    private func call(
        _ client: LambdaClient, _ name: String, count: Int, window: Int, milliseconds: @escaping @Sendable (Int) -> Int
    ) async throws {
        let next = NIOLockedValueBox(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<window {
                group.addTask {
                    while true {
                        let number = next.withLockedValue { next in
                            next += 1
                            return next
                        }
                        guard number <= count else { return }
                        try await self.call(client, name, "\(UUID().uuidString) \(milliseconds(number))")
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Makes short calls until the daemon knows that they are: how many that takes depends on what else the machine does.
    private func callUntilItLooksAhead(_ client: LambdaClient, _ name: String, _ daemon: CreditDaemon) async throws {
        repeat {
            try await self.call(client, name, count: 400, window: 8) { _ in 0 }
        } while try await !daemon.isLookingAhead()
    }

    private func consumerCount(_ name: String, _ connection: AMQPConnection) async throws -> Int {
        let channel = try await connection.openChannel()
        let count = try await channel.checkQueue(name).consumerCount
        try await channel.close()
        return count
    }

    @Test func itLooksAheadWithShortInvocationsAndNoLongerWithALongOne() async throws {
        try await self.withClient { name, client, caller in
            let daemon = try await CreditDaemon.start(name, slots: 1)
            try await self.callUntilItLooksAhead(client, name, daemon)

            // A long one, and what comes behind it.
            try await self.call(client, name, count: 8, window: 8) { $0 == 1 ? 300 : 0 }
            try await waitUntil { try await !daemon.isLookingAhead() }
            try await waitUntil { try await self.consumerCount(name, caller) == 1 }
            // Where there is nobody else they came back, and were run here, once each.
            #expect(try await daemon.handBacks() >= 1)
            #expect(try await daemon.runs().values.allSatisfy { $0 == 1 })
            await daemon.connection.close()
        }
    }

    @Test func whatALongInvocationHoldsUpIsRunByAnotherDaemon() async throws {
        try await self.withClient { name, client, caller in
            let first = try await CreditDaemon.start(name, slots: 1)
            try await self.callUntilItLooksAhead(client, name, first)
            // It has the long one, and several that came right behind it.
            let isLongOneOver = NIOLockedValueBox(false)
            let long = Task {
                try await self.call(client, name, "long 4000")
                isLongOneOver.withLockedValue { $0 = true }
            }
            let rpc = try await client.session().rpc
            try await waitUntil { try await caller.eventLoop.submit { rpc.callCount }.get() == 1 }
            let short = Task { try await self.call(client, name, count: 4, window: 4) { _ in 0 } }
            let second = try await CreditDaemon.start(name, slots: 1)
            try await short.value
            #expect(!isLongOneOver.withLockedValue { $0 })
            try await long.value
            #expect(try await second.runs().count >= 1)
            await first.connection.close()
            await second.connection.close()
        }
    }

    @Test func aReplyThatCouldLeaveWithTheNextOneDoesNotWaitForALongInvocation() async throws {
        try await self.withClient { name, client, caller in
            let daemon = try await CreditDaemon.start(name, slots: 1)
            let channel = try await caller.openChannel()
            let queue = try await channel.declareQueue(.serverNamedExclusive).name
            var replies = try await channel.consume(AMQPConsumption(queue: queue, noAck: true)).makeAsyncIterator()
            // While the first runs, the others come; then replies follow one another quickly enough to wait, where the
            // machine has time. Three would leave together, so here one or two wait when the long one begins.
            for shorts in [[5, 0], [5, 0, 0], [5, 0], [5, 0, 0]] {
                try await self.callUntilItLooksAhead(client, name, daemon)
                for milliseconds in shorts + [2000] {
                    var properties = AMQPProperties(contentType: nil)
                    properties.replyTo = AMQPShortString(queue)
                    let message = AMQPMessage("\"\(UUID().uuidString) \(milliseconds)\"", properties: properties)
                    try await channel.publish(message, routingKey: AMQPShortString(name))
                }
                for _ in shorts { _ = try await replies.next() }
                let answered = ContinuousClock.now
                _ = try await replies.next()
                #expect(.now - answered > .milliseconds(500))
            }
            await daemon.connection.close()
        }
    }

    @Test func aSlotThatAnHTTPCallerHasHoldsNoMessageUp() async throws {
        try await self.withClient { name, client, _ in
            let busy = try await CreditDaemon.start(name, slots: 1)
            let free = try await CreditDaemon.start(name, slots: 1)
            let isLocalOneOver = NIOLockedValueBox(false)
            let local = Task {
                try await busy.occupySlot("local 5000")
                isLocalOneOver.withLockedValue { $0 = true }
            }
            try await waitUntil { try await busy.runs().count == 1 }
            for _ in 0..<20 { try await self.call(client, name, "\(UUID().uuidString) 0") }
            #expect(!isLocalOneOver.withLockedValue { $0 })
            // Half of them were for the busy one at first.
            #expect(try await busy.handBacks() >= 5)
            #expect(try await busy.runs().count == 1)
            try await local.value
            await busy.connection.close()
            await free.connection.close()
        }
    }

    @Test(arguments: ["classic", "quorum"])
    func everyCallIsAnsweredThroughAHundredHandBacksAndLostConnections(type: String) async throws {
        let queue = AMQPQueueDeclaration(name: Self.uniqueName(), arguments: ["x-queue-type": .string(type)])
        try await self.withClient(queue) { name, client, caller in
            let daemons = try await [
                CreditDaemon.start(name, slots: 1), CreditDaemon.start(name, slots: 2),
                CreditDaemon.start(name, slots: 3),
            ]
            let isOver = NIOLockedValueBox(false)
            // Invocations over HTTP take slots, and connections break.
            let trouble = Task {
                var round = 0
                while !isOver.withLockedValue({ $0 }), !Task.isCancelled {
                    round += 1
                    for daemon in daemons { try await daemon.occupySlot("local 15") }
                    if round % 4 == 0 { daemons[round / 4 % 3].cut() }
                }
            }
            defer { trouble.cancel() }
            var calls = 0
            var handBacks = 0
            repeat {
                try await self.call(client, name, count: 500, window: 16) { $0 % 25 == 0 ? 12 : 0 }
                calls += 500
                handBacks = 0
                for daemon in daemons { handBacks += try await daemon.handBacks() }
            } while calls < 2000 || (type == "classic" && handBacks < 100)
            isOver.withLockedValue { $0 = true }
            try await trouble.value

            // A quorum queue counts what comes back, and drops it in the end.
            if type == "quorum" { #expect(handBacks == 0) }
            for daemon in daemons {
                try await daemon.drain()
                await daemon.connection.close()
            }
            // Everything was acknowledged: nothing came back as the connections were closed.
            let left = try await caller.openChannel().checkQueue(name)
            #expect(left.messageCount == 0)
            #expect(left.consumerCount == 0)
        }
    }

    @Test func theLastConsumerOfAnAutoDeleteQueueEmptiesItBeforeItLeaves() async throws {
        let queue = AMQPQueueDeclaration(name: Self.uniqueName(), isDurable: false, isAutoDelete: true)
        try await self.withClient(queue) { name, client, caller in
            let daemon = try await CreditDaemon.start(name, slots: 1)
            let calls = Task { try await self.call(client, name, count: 30, window: 30) { _ in 10 } }
            try await waitUntil { try await daemon.runs().count >= 2 }
            try await daemon.drain()
            try await calls.value
            #expect(try await daemon.runs().count == 30)
            await daemon.connection.close()
        }
    }

    @Test func whoDrainsGivesBackWhatHasNotStarted() async throws {
        try await self.withClient { name, client, caller in
            let first = try await CreditDaemon.start(name, slots: 1)
            try await self.call(client, name, count: 400, window: 8) { _ in 0 }
            let long = Task { try await self.call(client, name, "long 1000") }
            try await waitUntil { try await first.runs()["\"long 1000\""] == 1 }
            let waiting = Task { try await self.call(client, name, count: 4, window: 4) { _ in 0 } }
            let drained = Task { try await first.drain() }
            let second = try await CreditDaemon.start(name, slots: 1)
            try await waiting.value
            try await long.value
            try await drained.value
            #expect(try await second.runs().count == 4)
            #expect(try await self.consumerCount(name, caller) == 1)
            await first.connection.close()
            await second.connection.close()
        }
    }
}
