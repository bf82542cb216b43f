import AMQP
import LambdaMessages
import LambdaProtocol
import NIOCore
import TestSupport
import Testing

/// Callers who wait no longer, through a real RabbitMQ.
@Suite(.timeLimit(.minutes(1))) struct DeadlineTests {
    @Test func aCallerIsToldWhenItsTimeIsOverAndNothingAfterThat() async throws {
        try await CallSetUp.with { test in
            var replies = try await test.replies()
            try await test.call(#""a""#, id: "1", replyTo: replies.queue, expiration: "600")
            try await test.daemon.untilOpen(1)
            #expect(try await replies.messages.nextAnswer() == "NoAnswerException")
            // The function runs on, and its slot stays taken until then.
            #expect(try await test.daemon.onLoop { $0.open.count } == 1)
            try await test.daemon.end()
            #expect(try await test.leftMessageCount() == 0)
            #expect(try await test.caller.openChannel().checkQueue(replies.queue.string).messageCount == 0)
        }
    }

    @Test func aResultInTimeIsSentAndTheDeadlineIsNothingThen() async throws {
        try await CallSetUp.with { test in
            var replies = try await test.replies()
            try await test.call(#""short""#, id: "1", replyTo: replies.queue, expiration: "600")
            try await test.daemon.untilOpen(1)
            try await test.daemon.end()
            #expect(try await replies.messages.nextAnswer() == #""short""#)
            // A later deadline passes in order: had the first been told again, it would have come before.
            try await test.call(#""late""#, id: "2", replyTo: replies.queue, expiration: "700")
            #expect(try await replies.messages.nextAnswer() == "NoAnswerException")
        }
    }

    @Test func aRequestThatExpiresInTheQueueIsNotDelivered() async throws {
        try await CallSetUp.with(prefetch: 1) { test in
            let replies = try await test.replies()
            try await test.call(#""first""#, id: "1", replyTo: replies.queue)
            try await test.daemon.untilOpen(1)
            try await test.call(#""second""#, id: "2", replyTo: replies.queue, expiration: "50")
            try await test.call(#""third""#, id: "3", replyTo: replies.queue)
            try await Task.sleep(for: .milliseconds(150))
            try await test.daemon.end()
            try await test.daemon.untilOpen(1)
            #expect(try await test.daemon.onLoop { String(buffer: $0.open[0].request.event) } == #""third""#)
        }
    }

    @Test func aRequestThatExpiresWhileTheConnectionIsAwayIsNotRunAgain() async throws {
        try await CallSetUp.with { test in
            let replies = try await test.replies()
            // Without an id nothing is joined: only time decides.
            try await test.call(#""a""#, id: nil, replyTo: replies.queue, expiration: "500")
            try await test.daemon.untilOpen(1)
            try await test.cut(refusing: true)
            try await Task.sleep(for: .milliseconds(700))
            test.proxy.accept()
            try await test.call(#""b""#, id: "2", replyTo: replies.queue)
            try await test.daemon.untilOpen(2)
            #expect(try await test.daemon.onLoop { String(buffer: $0.open[1].request.event) } == #""b""#)
        }
    }

    @Test func aResultThatIsLateByTheTimeOfTheNextConnectionIsNoSuccess() async throws {
        try await CallSetUp.with { test in
            var replies = try await test.replies()
            // As an instant only, so that the broker delivers it again however late it is.
            for id in ["ends", "runs on"] {
                var message = CallSetUp.message("\"\(id)\"", id: id, replyTo: replies.queue)
                message.properties.headers = [
                    "X-Lambda-Deadline-Ms": .int64(EpochClock.now().millisecondsSinceEpoch - 4000)
                ]
                try await test.channel.publishConfirmed(message, routingKey: AMQPShortString(test.name))
            }
            try await test.daemon.untilOpen(2)
            try await test.cut(refusing: true)
            try await Task.sleep(for: .milliseconds(1300))
            try await test.daemon.end()
            test.proxy.accept()
            for _ in 0..<2 { #expect(try await replies.messages.nextAnswer() == "NoAnswerException") }
            try await test.daemon.end()
            #expect(try await test.daemon.runCount() == 2)
            #expect(try await test.leftMessageCount() == 0)
            #expect(try await test.caller.openChannel().checkQueue(replies.queue.string).messageCount == 0)
        }
    }

    @Test func clocksThatDifferByFiveSecondsDoNoHarm() async throws {
        try await CallSetUp.with { test in
            var replies = try await test.replies()
            for (id, skew) in [("1", -4900), ("2", 0), ("3", 5000)] {
                // The caller waits a second by its own clock.
                let deadline = EpochClock.now().millisecondsSinceEpoch + 1000 + Int64(skew)
                var message = CallSetUp.message("\"\(id)\"", id: id, replyTo: replies.queue)
                message.properties.headers = ["X-Lambda-Deadline-Ms": .int64(deadline)]
                try await test.channel.publishConfirmed(message, routingKey: AMQPShortString(test.name))
                try await test.daemon.untilOpen(1)
                try await test.daemon.end()
                #expect(try await replies.messages.nextAnswer() == "\"\(id)\"")
            }
            var expired = CallSetUp.message(#""4""#, id: "4", replyTo: replies.queue)
            expired.properties.headers = [
                "X-Lambda-Deadline-Ms": .int64(EpochClock.now().millisecondsSinceEpoch - 5100)
            ]
            try await test.channel.publishConfirmed(expired, routingKey: AMQPShortString(test.name))
            #expect(try await replies.messages.nextAnswer() == "RequestExpiredException")
        }
    }

    @Test func whatATimedCallSaysInPropertiesIsAnInstantToo() async throws {
        try await CallSetUp.with { test in
            var replies = try await test.replies()
            // The broker keeps each for a second from now; each caller gave up so many seconds ago, or will.
            for (id, ago, answer) in [("1", 0, #""1""#), ("2", 4, #""2""#), ("3", 9, "RequestExpiredException")] {
                var message = CallSetUp.message("\"\(id)\"", id: id, replyTo: replies.queue)
                message.properties.type = RequestMessage.timedCall
                message.properties.expiration = "1000"
                message.properties.timestamp = UInt64(EpochClock.now().millisecondsSinceEpoch / 1000 - Int64(ago))
                try await test.channel.publishConfirmed(message, routingKey: AMQPShortString(test.name))
                if ago < 9 {
                    try await test.daemon.untilOpen(1)
                    try await test.daemon.end()
                }
                #expect(try await replies.messages.nextAnswer() == answer)
            }
        }
    }

    @Test func aCallWhoseCallerIsGoneIsNotRun() async throws {
        try await CallSetUp.with(prefetch: 1) { test in
            let gone = try await test.channel.declareQueue(.serverNamedExclusive).name
            let replies = try await test.replies()
            for event in [#""first""#, #""second""#, #""third""#] {
                try await test.call(event, id: "1", replyTo: AMQPShortString(gone))
            }
            try await test.call(#""other""#, id: "1", replyTo: replies.queue)
            try await test.daemon.untilOpen(1)
            _ = try await test.caller.openChannel().deleteQueue(gone)
            try await test.daemon.end()
            // The broker sends back the reply before or after the next delivery, which then runs; not the one after it.
            try await test.daemon.until { $0.open.contains { String(buffer: $0.request.event) != #""first""# } }
            if try await test.daemon.onLoop({ String(buffer: $0.open[0].request.event) }) == #""second""# {
                try await test.daemon.end()
            }
            try await test.daemon.until { $0.open.first.map { String(buffer: $0.request.event) } == #""other""# }
            #expect(try await test.daemon.runCount() <= 3)
            try await test.daemon.end()
            #expect(try await test.leftMessageCount() == 0)
        }
    }

    @Test func aCallerWithDirectReplyToIsNeverTakenForGone() async throws {
        try await CallSetUp.with { test in
            let channel = try await test.caller.openChannel()
            var replies = try await channel.consume(
                AMQPConsumption(queue: "amq.rabbitmq.reply-to", noAck: true)).makeAsyncIterator()
            for id in ["1", "2", "3"] {
                try await channel.publish(
                    CallSetUp.message("\"\(id)\"", id: id, replyTo: "amq.rabbitmq.reply-to"),
                    routingKey: AMQPShortString(test.name))
                try await test.daemon.untilOpen(1)
                try await test.daemon.end()
                #expect(try await replies.nextAnswer() == "\"\(id)\"")
            }
        }
    }
}
