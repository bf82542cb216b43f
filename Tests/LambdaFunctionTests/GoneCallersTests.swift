import AMQP
import LambdaFunction
import Testing

@Suite struct GoneCallersTests {
    @Test func aCallerIsGoneOnceAReplyToItCameBack() {
        var callers = GoneCallers()
        #expect(callers.isEmpty)
        callers.replyReturned(from: "amq.gen-1")
        #expect(callers.contains("amq.gen-1"))
        #expect(!callers.contains("amq.gen-2"))
    }

    @Test func aNameThatMayComeBackIsNotKept() {
        var callers = GoneCallers()
        callers.replyReturned(from: "replies-of-the-shop")
        callers.replyReturned(from: "amq.rabbitmq.reply-to.g1h2AA.bQ==")
        #expect(callers.isEmpty)
    }

    @Test func theLatestAreKept() {
        var callers = GoneCallers(limit: 3)
        for number in [1, 2, 2, 1, 3, 4] { callers.replyReturned(from: AMQPShortString("amq.gen-\(number)")) }
        #expect([1, 2, 3, 4].map { callers.contains(AMQPShortString("amq.gen-\($0)")) } == [false, true, true, true])
    }

    @Test func aReplyToDirectReplyToIsNotAskedBack() {
        #expect(ReplyAddress.returnsWhenGone("amq.gen-1"))
        #expect(ReplyAddress.returnsWhenGone("amq.rabbitmq"))
        #expect(ReplyAddress.returnsWhenGone("replies"))
        #expect(!ReplyAddress.returnsWhenGone("amq.rabbitmq.reply-to.g1h2AA.bQ=="))
    }
}
