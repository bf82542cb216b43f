import AMQP
import NIOCore
import TestSupport
import Testing

/// Queues that are deleted and declared anew behind the back of a daemon that has nothing to do.
@Suite(.timeLimit(.minutes(1))) struct ForgottenConsumerTests {
    /// RabbitMQ 3.10 tells nobody of it where both are quorum queues.
    @Test(arguments: [("classic", "classic"), ("classic", "quorum"), ("quorum", "classic"), ("quorum", "quorum")])
    func aDaemonServesTheQueueThatTookThePlaceOfItsOwn(_ first: String, _ second: String) async throws {
        try await CallSetUp.with(type: first) { test in
            var replies = try await test.replies()
            try await test.call(#""a""#, id: "1", replyTo: replies.queue)
            try await test.daemon.untilOpen(1)
            try await test.daemon.end()
            #expect(try await replies.messages.nextAnswer() == #""a""#)

            _ = try await test.channel.deleteQueue(test.name)
            try await test.channel.declareQueue(
                AMQPQueueDeclaration(name: test.name, arguments: ["x-queue-type": .string(second)]))
            // More than the daemon may hold: some wait even where the broker believes to have delivered the others.
            for number in 1...15 {
                try await test.call(
                    "\(number)", id: "\(number)", replyTo: replies.queue, expiration: "60000")
            }
            var answers: Set<String> = []
            for _ in 1...15 {
                try await test.daemon.until { !$0.open.isEmpty }
                try await test.daemon.end()
                answers.insert(try await replies.messages.nextAnswer())
            }
            #expect(answers == Set((1...15).map { "\($0)" }))
            #expect(try await test.leftMessageCount() == 0)
        }
    }

    /// The one that comes back first takes what comes, so that the other sees nothing strange.
    @Test func eachOfTwoDaemonsIsServedAgain() async throws {
        try await CallSetUp.with(type: "quorum") { test in
            let replies = try await test.replies()
            let daemons = [test.daemon, try await CallDaemon.start(test.name)]
            _ = try await test.channel.deleteQueue(test.name)
            try await test.channel.declareQueue(
                AMQPQueueDeclaration(name: test.name, arguments: ["x-queue-type": "quorum"]))
            var served: Set<Int> = []
            while served.count < daemons.count {
                // One after the other, so that a daemon which is forgotten has no work.
                try await test.call("1", id: nil, replyTo: replies.queue, expiration: "5000")
                try await Task.sleep(for: .milliseconds(20))
                for (index, daemon) in daemons.enumerated() {
                    let ended = try await daemon.onLoop { function in
                        let count = function.open.count
                        for _ in 0..<count { function.end() }
                        return count
                    }
                    if ended > 0 { served.insert(index) }
                }
            }
            await daemons[1].connection.close()
        }
    }
}
