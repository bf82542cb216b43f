import AMQP
import AMQPRPC
import NIOConcurrencyHelpers
import NIOCore
import Testing

/// A handler without a server around it, as a user's own test has it.
@Suite struct HandMadeContextTests {
    private func context(_ body: String, headers: AMQPTable? = nil) -> RPCContext {
        var properties = AMQPProperties(contentType: nil, correlationID: "7", headers: headers)
        properties.replyTo = "replies"
        return RPCContext(AMQPDelivery(AMQPMessage(body, properties: properties)), timeout: .seconds(5))
    }

    @Test func aHandlerSeesTheRequestThatTheTestHasMade() throws {
        let context = self.context("tea", headers: ["tenant": "a"])
        #expect(String(buffer: context.body) == "tea")
        #expect(context.headers["tenant"] == "a")
        #expect(context.correlationID == "7" && context.wantsReply && !context.isRedelivered)
        let remaining = try #require(context.timeRemaining)
        #expect(remaining > .zero && remaining <= .seconds(5))
    }

    @Test func itMaySendNoStreamUnlessTheTestTakesOne() async {
        let error = await #expect(throws: AMQPError.self) {
            try await self.context("x").send(RPCReply(body: ByteBuffer()))
        }
        #expect(error?.code == .invalidArgument && !self.context("x").wantsStream)
    }

    @Test func whatItSendsIsTheTests() async throws {
        let sent = NIOLockedValueBox<[String]>([])
        let context = RPCContext(AMQPDelivery(AMQPMessage("count"))) { reply in
            sent.withLockedValue { $0.append(String(buffer: reply.body)) }
        }
        #expect(context.wantsStream && !context.wantsReply && context.deadline == nil)
        for text in ["2", "1"] { try await context.send(RPCReply(body: ByteBuffer(string: text))) }
        #expect(sent.withLockedValue { $0 } == ["2", "1"])
    }
}
