import AMQP
import LambdaMessages
import LambdaProtocol
import NIOCore
import Testing

/// What the gateway makes of replies, ours and others'.
@Suite struct ReplyOutcomeTests {
    private func outcome(_ headers: AMQPTable?, _ body: String) -> InvocationOutcome {
        InvocationOutcome(
            AMQPProperties(contentType: "application/json", headers: headers), ByteBuffer(string: body))
    }

    @Test(arguments: [
        .result(FunctionReply(body: ByteBuffer(string: "1"), executedVersion: "$LATEST")),
        .result(FunctionReply(body: ByteBuffer(string: "x"), contentType: "text/plain", executedVersion: "7")),
        .result(
            FunctionReply(
                body: ByteBuffer(string: "1"), logTail: ByteBuffer(string: "END\n"), executedVersion: "$LATEST")),
        .functionError(FunctionReply(body: ByteBuffer(string: "{}"), executedVersion: "$LATEST")),
        .refused(InvokeError(.tooManyRequests, "Rate Exceeded.", reason: "Why", retryAfterSeconds: 1)),
        .refused(InvokeError(.serviceUnavailable, "a \"quoted\" word")),
        .refused(InvokeError(.requestExpired, "late")),
        .refused(InvokeError(.resourceNotFound, "who?")),
        .refused(InvokeError(.validation, "what?")),
    ] as [InvocationOutcome])
    func anOutcomeComesOutOfAReplyAsItWentIn(outcome: InvocationOutcome) {
        let message = ReplyMessage(outcome, requestID: RequestID.make(), correlationID: nil)
        #expect(InvocationOutcome(message.properties, message.body) == outcome)
    }

    @Test func aReplyWithoutOurHeadersIsAResult() {
        #expect(self.outcome(nil, "[1]") == .result(FunctionReply(body: ByteBuffer(string: "[1]"))))
    }

    @Test func aStatusMayBeTextAndAnErrorMayBeBare() throws {
        guard case .refused(let error) = self.outcome(["StatusCode": "429"], "no room") else {
            throw Unexpected()
        }
        #expect(error.kind.status == 429)
        #expect(error.kind.errorType == "TooManyRequestsException")
        #expect(error.message == "no room")
    }

    @Test func aStatusThatIsNoErrorsIsAFaultOfTheService() throws {
        guard case .refused(let error) = self.outcome(["StatusCode": 99], "") else { throw Unexpected() }
        #expect(error.kind.status == 500)
    }

    private struct Unexpected: Error {}
}
