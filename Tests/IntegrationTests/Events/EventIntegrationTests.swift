import AMQP
import LambdaAMQP
import LambdaMessages
import LambdaFunction
import LambdaProtocol
import NIOCore
import TestSupport
import Testing

/// Events through a real RabbitMQ: their queues, what is acknowledged when, and what a lost connection does.
@Suite(.timeLimit(.minutes(2))) struct EventIntegrationTests {
    @Test(arguments: EventConfiguration.QueueType.allCases)
    func aFailureComesBackThroughTheRetryQueueAndEndsAmongTheDeadLetters(
        _ type: EventConfiguration.QueueType
    ) async throws {
        try await EventSetUp.with(type: type) { test in
            let id = try await test.publish(#"{"n":1}"#)
            for _ in 1...3 {
                try await test.untilOpen(1)
                let request = try await test.onLoop { $0.open[0].request }
                #expect(request.requestID == id)
                #expect(String(buffer: request.event) == #"{"n":1}"#)
                try await test.onLoop { $0.start() }
                try await test.end(.bad)
            }
            try await test.until(".dead-letter") { $0.messageCount == 1 }
            let queue = DeadLetterQueue(connection: test.caller, function: test.name)
            let letter = try await queue.letter(id)
            #expect(letter?.attempts == 3)
            #expect(letter?.condition == "RetriesExhausted")
            #expect(letter?.error == "no")
            // Looking leaves it there, as often as one likes; the broker takes a moment to take it back.
            try await test.until(".dead-letter") { $0.messageCount == 1 }
            #expect(try await queue.letter(id) != nil)
            try await test.until(".dead-letter") { $0.messageCount == 1 }
            #expect(try await queue.replay([id]) == 1)
            try await test.untilOpen(1)
            #expect(try await test.onLoop { $0.open[0].request.requestID } == id)
            try await test.onLoop { $0.start() }
            try await test.end(.good)
            try await test.until(".async") { $0.messageCount == 0 }
            #expect(try await test.status(of: ".dead-letter").messageCount == 0)
        }
    }

    @Test func oneEventAtMostWaitsUnstarted() async throws {
        try await EventSetUp.with { test in
            for _ in 0..<5 { _ = try await test.publish("{}") }
            try await test.untilOpen(1)
            // The others are the broker's: they would be here by the time that a later message has been moved.
            try await test.until(".async") { $0.messageCount == 4 && $0.consumerCount == 1 }
            #expect(try await test.onLoop { $0.open.count } == 1)
            try await test.onLoop { $0.start() }
            try await test.untilOpen(2)
            try await test.until(".async") { $0.messageCount == 3 && $0.consumerCount == 2 }
            // A caller waits: the environment is his, and no third event comes.
            try await test.onLoop { $0.hasWaitingCallers = true }
            try await test.end(.good)
            try await test.until(".async") { $0.consumerCount == 1 }
            #expect(try await test.status(of: ".async").messageCount == 3)
            #expect(try await test.onLoop { $0.open.count } == 1)
            // Nobody waits: as one ends, the next two are there, one to run and one to wait.
            try await test.onLoop {
                $0.hasWaitingCallers = false
                $0.start()
            }
            try await test.untilOpen(2)
            try await test.end(.good)
            try await test.untilOpen(2)
            try await test.until(".async") { $0.messageCount == 1 && $0.consumerCount == 2 }
        }
    }

    @Test func anEventInTheFunctionsQueueIsMovedAndACallIsNot() async throws {
        try await EventSetUp.with { test in
            let channel = try await test.caller.openChannel()
            try await channel.selectConfirms()
            try await channel.publishConfirmed(AMQPMessage("[7]"), routingKey: AMQPShortString(test.name))
            try await test.untilOpen(1)
            #expect(try await test.onLoop { $0.callCount } == 0)
            #expect(try await test.onLoop { String(buffer: $0.open[0].request.event) } == "[7]")
            let answer = try await test.client.invoke(test.name, payload: ByteBuffer(string: "[8]"))
            #expect(String(buffer: answer.payload) == "[8]")
            #expect(try await test.onLoop { $0.callCount } == 1)
            try await test.until("") { $0.messageCount == 0 }
        }
    }

    @Test func anEventThatRunsWhileItsConnectionGoesIsJoinedByItsSecondDelivery() async throws {
        try await self.throughProxy { test, proxy in
            let id = try await test.publish("{}")
            try await test.untilOpen(1)
            try await test.onLoop { $0.start() }
            try await test.cut(proxy)
            // It is delivered again, to the lane of the new connection, where another may wait by its side.
            try await test.until(".async") { $0.consumerCount == 2 && $0.messageCount == 0 }
            #expect(try await test.onLoop { $0.open.map(\.request.requestID) } == [id])
            try await test.end(.good)
            try await test.until(".async") { $0.consumerCount == 1 }
            try await self.expectEmpty(test)
        }
    }

    @Test func anEventThatEndsWhileThereIsNoConnectionIsNotRunAgain() async throws {
        try await self.throughProxy { test, proxy in
            _ = try await test.publish("{}")
            try await test.untilOpen(1)
            try await test.onLoop { $0.start() }
            proxy.cut()
            try await test.until { function in
                guard test.consuming.link == nil else { return false }
                function.end(.good)
                return true
            }
            try await self.expectEmpty(test)
        }
    }

    @Test func anEventThatWaitsWhileItsConnectionGoesIsJoinedToo() async throws {
        try await self.throughProxy { test, proxy in
            let id = try await test.publish("{}")
            try await test.untilOpen(1)
            try await test.cut(proxy)
            // The run that waits here is the same event: it is joined, and not counted.
            try await test.until(".async") { $0.consumerCount == 1 && $0.messageCount == 0 }
            try await test.onLoop { $0.start() }
            #expect(try await test.onLoop { $0.open.map(\.request.requestID) } == [id])
            try await test.end(.good)
            try await self.expectEmpty(test)
        }
    }

    @Test func whatCouldNotBeRunIsTriedAgainAndDoesNotCount() async throws {
        try await EventSetUp.with { test in
            _ = try await test.publish("{}")
            try await test.untilOpen(1)
            try await test.end(.refused(InvokeError(.tooManyRequests, "Rate Exceeded.")))
            try await test.until(".retry.1000") { $0.messageCount == 1 }
            try await test.untilOpen(1)
            for _ in 1...3 {
                try await test.untilOpen(1)
                try await test.end(.bad)
            }
            try await test.until(".dead-letter") { $0.messageCount == 1 }
            var attempts: [Int] = []
            let queue = DeadLetterQueue(connection: test.caller, function: test.name)
            try await queue.forEach { attempts.append($0.attempts) }
            #expect(attempts == [3])
        }
    }

    @Test func aQueueForRetriesThatWasDeletedIsMadeAgain() async throws {
        try await EventSetUp.with { test in
            _ = try await test.publish("{}")
            for attempt in 1...3 {
                try await test.untilOpen(1)
                if attempt == 2 { try await test.caller.openChannel().deleteQueue(test.name + ".retry.20") }
                try await test.end(.bad)
            }
            try await test.until(".dead-letter") { $0.messageCount == 1 }
        }
    }

    @Test func aQueueForEventsThatWasDeletedIsMadeAgainAndConsumed() async throws {
        try await EventSetUp.with { test in
            try await test.caller.openChannel().deleteQueue(test.name + ".async")
            // To the function's own queue, since the other is not there at first.
            _ = try await test.publish("{}")
            try await test.untilOpen(1)
            try await test.end(.good)
            try await test.until(".async") { $0.messageCount == 0 && $0.consumerCount == 1 }
        }
    }

    /// As another daemon makes it: this one hears nothing of that from RabbitMQ 3.10.
    @Test(arguments: ["quorum", "classic"])
    func aQueueForEventsThatSomebodyElseMadeAnewIsConsumed(_ second: String) async throws {
        try await EventSetUp.with { test in
            let channel = try await test.caller.openChannel()
            try await test.until(".async") { $0.consumerCount == 1 }
            _ = try await channel.deleteQueue(test.name + ".async")
            try await channel.declareQueue(
                AMQPQueueDeclaration(name: test.name + ".async", arguments: ["x-queue-type": .string(second)]))
            for _ in 1...3 {
                _ = try await test.publish("{}")
                try await test.untilOpen(1)
                try await test.end(.good)
            }
            try await test.until(".async") { $0.messageCount == 0 && $0.consumerCount == 1 }
        }
    }

    @Test func aDrainGivesBackWhatHasNotStartedAsItWas() async throws {
        try await EventSetUp.with { test in
            let first = try await test.publish("{}")
            try await test.untilOpen(1)
            let events = test.events
            try await test.function.eventLoop.flatSubmit { events.drain() }.get()
            try await test.until(".async") { $0.messageCount == 1 && $0.consumerCount == 0 }
            let channel = try await test.caller.openChannel()
            let message = try #require(try await channel.get(queue: test.name + ".async", noAck: true))
            #expect(message.properties.messageID?.string == first)
            #expect(!message.isRedelivered)
            #expect(message.properties.headers?[LambdaHeader.attempt] == nil)
        }
    }

    @Test func aFunctionThatNobodyServesIsNotFound() async throws {
        try await EventSetUp.with { test in
            let error = await #expect(throws: LambdaError.self) {
                try await test.client.invokeEvent("no-such-function", payload: ByteBuffer())
            }
            #expect(error?.code == .notDeployed)
            #expect(error?.mayHaveExecuted == false)
        }
    }

    private func expectEmpty(_ test: EventSetUp) async throws {
        try await test.until(".async") { $0.messageCount == 0 && $0.consumerCount == 1 }
        // A further event shows that everything before it is over.
        _ = try await test.publish("[\"last\"]")
        try await test.untilOpen(1)
        #expect(try await test.onLoop { String(buffer: $0.open[0].request.event) } == "[\"last\"]")
        try await test.end(.good)
    }

    private func throughProxy(_ body: @escaping @Sendable (EventSetUp, TCPProxy) async throws -> Void) async throws {
        var configuration = try IntegrationBroker.configuration()
        let broker = configuration.endpoints[0]
        let proxy = try await TCPProxy(to: broker.host, broker.port)
        configuration.endpoints = [AMQPEndpoint(host: "127.0.0.1", port: proxy.port)]
        try await EventSetUp.with(consuming: configuration) { try await body($0, proxy) }
        try await proxy.stop()
    }
}
