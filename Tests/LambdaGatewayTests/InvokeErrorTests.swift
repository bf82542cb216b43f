import AMQP
import LambdaMessages
import LambdaProtocol
import Testing

@Suite struct InvokeErrorTests {
    @Test(arguments: [
        (.unroutable, .resourceNotFound), (.nacked, .tooManyRequests), (.connectionFailed, .serviceUnavailable),
        (.blocked, .serviceUnavailable), (.resourceRefused, .serviceUnavailable), (.timedOut, .noAnswer),
        (.connectionLost, .noAnswer), (.channelClosed, .noAnswer), (.consumerCancelled, .noAnswer),
    ] as [(AMQPError.Code, InvokeError.Kind)])
    func onlyWhatCannotHaveRunMayBeTriedAgain(code: AMQPError.Code, kind: InvokeError.Kind) {
        let arn = FunctionARN(region: "r", accountID: "1", name: "echo")
        let error = InvokeError(AMQPError(code, "why"), arn: arn, qualifier: nil)
        #expect(error.kind == kind)
        #expect((error.retryAfterSeconds != nil) == (code == .nacked))
    }

    @Test(arguments: [AMQPError.Code.timedOut, .connectionLost, .connectionClosed, .cancelled])
    func ofARequestThatHasNotLeftNothingHasRun(code: AMQPError.Code) {
        let arn = FunctionARN(region: "r", accountID: "1", name: "echo")
        let error = InvokeError(AMQPError(code, "why", mayHaveExecuted: false), arn: arn, qualifier: nil)
        #expect(error.kind == .serviceUnavailable)
    }
}
