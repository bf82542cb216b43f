import AMQP
import LambdaProtocol
import NIOCore
import TestSupport
import Testing

/// Calls whose daemon loses its connection, or its life, through a real RabbitMQ.
@Suite(.timeLimit(.minutes(1))) struct RedeliveryTests {
    @Test(arguments: ["classic", "quorum"])
    func aMessageThatComesAgainJoinsItsRunAndIsAnsweredOnce(_ type: String) async throws {
        try await CallSetUp.with(type: type) { test in
            var replies = try await test.replies()
            // One id for two calls: ids may repeat.
            try await test.call(#""a""#, id: "1", replyTo: replies.queue)
            try await test.call(#""b""#, id: "1", replyTo: replies.queue)
            try await test.daemon.untilOpen(2)
            for count in 1...3 {
                try await test.cut()
                try await test.daemon.untilRedelivered(2 * count)
            }
            try await test.daemon.end()
            try await test.daemon.end()
            #expect(
                [try await replies.messages.nextAnswer(), try await replies.messages.nextAnswer()].sorted()
                    == [#""a""#, #""b""#])
            #expect(try await test.daemon.runCount() == 2)
            #expect(try await test.leftMessageCount() == 0)
            #expect(try await test.caller.openChannel().checkQueue(replies.queue.string).messageCount == 0)
        }
    }

    @Test(arguments: ["classic", "quorum"])
    func aReplyThatIsDoneWhileTheConnectionIsAwayIsSentWhenItIsBack(_ type: String) async throws {
        try await CallSetUp.with(type: type) { test in
            var replies = try await test.replies()
            try await test.call(#""a""#, id: "1", replyTo: replies.queue, expiration: "60000")
            try await test.call(#""b""#, id: "2", replyTo: replies.queue)
            try await test.daemon.untilOpen(2)
            try await test.cut(refusing: true)
            try await test.daemon.end()
            try await test.daemon.end(.functionError(FunctionReply(body: ByteBuffer(string: #"{"errorType":"E"}"#))))
            test.proxy.accept()
            #expect(
                [try await replies.messages.nextAnswer(), try await replies.messages.nextAnswer()].sorted()
                    == [#""a""#, #"{"errorType":"E"}"#])
            #expect(try await test.daemon.runCount() == 2)
            #expect(try await test.leftMessageCount() == 0)
        }
    }

    @Test func whatWasNotRunIsNotKeptAsAnAnswer() async throws {
        try await CallSetUp.with { test in
            var replies = try await test.replies()
            try await test.call(#""a""#, id: "1", replyTo: replies.queue, expiration: "60000")
            try await test.daemon.untilOpen(1)
            try await test.cut(refusing: true)
            try await test.daemon.end(.refused(InvokeError(.tooManyRequests, "no room")))
            test.proxy.accept()
            try await test.daemon.untilOpen(1)
            try await test.daemon.end()
            #expect(try await replies.messages.nextAnswer() == #""a""#)
            #expect(try await test.daemon.runCount() == 2)
        }
    }

    /// "Did not run, try again" would have its caller run it twice.
    @Test(arguments: [InvokeError.Kind.tooManyRequests, .requestExpired, .serviceUnavailable])
    func whatALostDaemonMayHaveRunIsNeverRefusedAsIfItHadNotRun(_ kind: InvokeError.Kind) async throws {
        let prepare = { @Sendable (name: String, channel: AMQPChannel) in
            let replies = try await channel.declareQueue(
                AMQPQueueDeclaration(name: name + "-replies", isDurable: false, isExclusive: true)).name
            try await channel.publishConfirmed(
                CallSetUp.message(#""a""#, id: "1", replyTo: AMQPShortString(replies), expiration: "60000"),
                routingKey: AMQPShortString(name))
            try await Self.lose(name)
        }
        try await CallSetUp.with(prepare: prepare) { test in
            var replies = try await test.channel.consume(
                AMQPConsumption(queue: test.name + "-replies", noAck: true)
            ).makeAsyncIterator()
            try await test.daemon.untilOneRunsAlone()
            try await test.daemon.end(.refused(InvokeError(kind, "not now")))
            #expect(try await replies.nextAnswer() == "NoAnswerException")
            // One that nobody had before did not run, and its caller may know.
            try await test.call(#""b""#, id: "2", replyTo: AMQPShortString(test.name + "-replies"))
            try await test.daemon.untilOneRunsAlone()
            try await test.daemon.end(.refused(InvokeError(kind, "not now")))
            #expect(try await replies.nextAnswer() == kind.errorType)
        }
    }

    @Test func oneThatHasExpiredSinceItsDaemonWasLostIsNotSaidNotToHaveRun() async throws {
        let prepare = { @Sendable (name: String, channel: AMQPChannel) in
            let replies = try await channel.declareQueue(
                AMQPQueueDeclaration(name: name + "-replies", isDurable: false, isExclusive: true)).name
            var message = CallSetUp.message(#""a""#, id: "1", replyTo: AMQPShortString(replies))
            message.properties.headers = ["X-Lambda-Deadline-Ms": .int64(1_000_000_000_000)]
            try await channel.publishConfirmed(message, routingKey: AMQPShortString(name))
            // Somebody takes it, and is gone.
            let other = try await IntegrationBroker.connect()
            let taken = try await other.openChannel().get(queue: name)
            #expect(taken != nil)
            await other.close()
        }
        try await CallSetUp.with(prepare: prepare) { test in
            var replies = try await test.channel.consume(
                AMQPConsumption(queue: test.name + "-replies", noAck: true)
            ).makeAsyncIterator()
            #expect(try await replies.nextAnswer() == "NoAnswerException")
        }
    }

    @Test func aCallWithoutAnyIDRunsAgain() async throws {
        try await CallSetUp.with { test in
            var replies = try await test.replies()
            try await test.call(#""a""#, id: nil, replyTo: replies.queue, expiration: "60000")
            try await test.daemon.untilOpen(1)
            try await test.cut()
            try await test.daemon.untilOpen(2)
            try await test.daemon.end()
            try await test.daemon.end()
            #expect(try await replies.messages.nextAnswer() == #""a""#)
            #expect(try await test.leftMessageCount() == 0)
            #expect(try await test.caller.openChannel().checkQueue(replies.queue.string).messageCount == 0)
        }
    }

    /// As a daemon that dies of it: takes the one message, and is gone.
    private static func lose(_ name: String) async throws {
        let daemon = try await CallDaemon.start(name)
        try await daemon.untilOneRunsAlone()
        await daemon.connection.close()
    }

    @Test(arguments: ["classic", "quorum"])
    func aCallThatItsDaemonsDieOfIsCountedAndEndsWithAnError(_ type: String) async throws {
        let prepare = { @Sendable (name: String, channel: AMQPChannel) in
            let replies = try await channel.declareQueue(
                AMQPQueueDeclaration(name: name + "-replies", isDurable: false, isExclusive: true)).name
            try await channel.publishConfirmed(
                CallSetUp.message(#""poison""#, id: "1", replyTo: AMQPShortString(replies)),
                routingKey: AMQPShortString(name))
            for _ in 1...4 { try await Self.lose(name) }
        }
        try await CallSetUp.with(type: type, prepare: prepare) { test in
            var replies = try await test.channel.consume(
                AMQPConsumption(queue: test.name + "-replies", noAck: true)
            ).makeAsyncIterator()
            let reply = try #require(try await replies.next())
            #expect(reply.properties.headers?["StatusCode"]?.integerValue == 500)
            #expect(reply.properties.headers?["X-Amzn-ErrorType"]?.stringValue == "ServiceException")
            #expect(reply.properties.correlationID == "1")
            #expect(String(buffer: reply.body).contains("4 times"))
            #expect(try await test.daemon.runCount() == 0)
            #expect(try await test.leftMessageCount() == 0)
        }
    }

    @Test(arguments: ["classic", "quorum"])
    func aCallWhoseDaemonWasLostTwiceRunsAndIsAnswered(_ type: String) async throws {
        let prepare = { @Sendable (name: String, channel: AMQPChannel) in
            try await channel.declareQueue(
                AMQPQueueDeclaration(name: name + "-replies", isDurable: false, isExclusive: true))
            try await channel.publishConfirmed(
                CallSetUp.message(#""a""#, id: "1", replyTo: AMQPShortString(name + "-replies")),
                routingKey: AMQPShortString(name))
            for _ in 1...2 { try await Self.lose(name) }
        }
        try await CallSetUp.with(type: type, prepare: prepare) { test in
            var replies = try await test.channel.consume(
                AMQPConsumption(queue: test.name + "-replies", noAck: true)
            ).makeAsyncIterator()
            try await test.daemon.untilOneRunsAlone()
            try await test.daemon.end()
            #expect(try await replies.nextAnswer() == #""a""#)
            #expect(try await test.daemon.runCount() == 1)
            #expect(try await test.leftMessageCount() == 0)
        }
    }

    @Test func oneThatExpiresRunsAsItIsHoweverManyDaemonsHadIt() async throws {
        let prepare = { @Sendable (name: String, channel: AMQPChannel) in
            try await channel.publishConfirmed(
                CallSetUp.message(#""a""#, id: "1", replyTo: "nobody", expiration: "60000", attempt: 3),
                routingKey: AMQPShortString(name))
            for _ in 1...5 { try await Self.lose(name) }
        }
        try await CallSetUp.with(prepare: prepare) { test in
            try await test.daemon.untilOpen(1)
        }
    }

    @Test func aCountedCopyJoinsTheRunOfTheDaemonThatWasOnlyCutOff() async throws {
        try await CallSetUp.with { test in
            var replies = try await test.replies()
            try await test.call(#""a""#, id: "1", replyTo: replies.queue)
            try await test.daemon.untilOpen(1)
            // Another daemon gets it meanwhile, counts it, and is gone as well.
            try await test.cut(refusing: true)
            try await Self.lose(test.name)
            test.proxy.accept()
            try await test.daemon.untilRedelivered(1)
            try await test.daemon.end()
            #expect(try await replies.messages.nextAnswer() == #""a""#)
            #expect(try await test.daemon.runCount() == 1)
        }
    }

    @Test func aCallThatAFullQueueTakesNoSecondTimeEndsWithAnError() async throws {
        let prepare = { @Sendable (name: String, channel: AMQPChannel) in
            try await channel.declareQueue(
                AMQPQueueDeclaration(name: name + "-replies", isDurable: false, isExclusive: true))
            let message = CallSetUp.message(#""a""#, id: "1", replyTo: AMQPShortString(name + "-replies"))
            try await channel.publishConfirmed(message, routingKey: AMQPShortString(name))
            let daemon = try await CallDaemon.start(name, prefetch: 1)
            try await daemon.untilOpen(1)
            // Full, without the first.
            for id in ["2", "3"] {
                try await channel.publishConfirmed(
                    CallSetUp.message(#""b""#, id: id, replyTo: "nobody"), routingKey: AMQPShortString(name))
            }
            await daemon.connection.close()
        }
        try await CallSetUp.with(
            arguments: ["x-max-length": 2, "x-overflow": "reject-publish"], prefetch: 1, prepare: prepare
        ) { test in
            var replies = try await test.channel.consume(
                AMQPConsumption(queue: test.name + "-replies", noAck: true)
            ).makeAsyncIterator()
            #expect(try await replies.nextAnswer() == "NoAnswerException")
            // The next one has the slot.
            try await test.daemon.untilOpen(1)
        }
    }
}
