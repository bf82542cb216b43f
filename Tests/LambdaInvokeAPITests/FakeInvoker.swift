import LambdaProtocol
import NIOCore

/// Runs functions whose names say what they do; `hello` answers with its event.
// @unchecked: used on `eventLoop` only.
final class FakeInvoker: FunctionInvoker, @unchecked Sendable {
    let eventLoop: any EventLoop
    let slowInvocationsEnded: AsyncStream<Void>
    var requests: [InvocationRequest] = []
    var stream: (sink: any ResponseSink, completion: (InvocationOutcome) -> Void)?
    private let slowEnded: AsyncStream<Void>.Continuation

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        (self.slowInvocationsEnded, self.slowEnded) = AsyncStream.makeStream()
    }

    func resolve(_ name: FunctionName) -> Result<ResolvedFunction, InvokeError> {
        guard name.name != "nobody" else { return .failure(InvokeError(.resourceNotFound, "Function not found: …")) }
        let arn = "arn:\(name.name)" + (name.qualifier.map { ":\($0)" } ?? "")
        return .success(ResolvedFunction(name: name.name, qualifier: name.qualifier, invokedFunctionARN: arn))
    }

    /// `streams` begins, and leaves the rest to the test; the others answer whole.
    func invoke(
        _ request: InvocationRequest, of function: ResolvedFunction, into sink: any ResponseSink,
        completion: @escaping (InvocationOutcome) -> Void
    ) {
        guard function.name == "streams" else { return self.invoke(request, of: function, completion: completion) }
        self.requests.append(request)
        sink.begin(ResponseHead(contentType: "text/plain", executedVersion: "7"))
        self.stream = (sink, completion)
    }

    func invoke(
        _ request: InvocationRequest, of function: ResolvedFunction,
        completion: @escaping (InvocationOutcome) -> Void
    ) {
        self.eventLoop.assertInEventLoop()
        self.requests.append(request)
        switch function.name {
        case "fails": completion(.functionError(FunctionReply(body: ByteBuffer(string: #"{"errorMessage":"oops"}"#))))
        case "busy":
            completion(.refused(InvokeError(.tooManyRequests, "Rate Exceeded.", reason: "R", retryAfterSeconds: 1)))
        case "slow":
            self.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(30)) {
                completion(.result(FunctionReply(body: request.event)))
                self.slowEnded.yield()
            }
        default:
            let tail = request.wantsLogTail ? ByteBuffer(string: "END RequestId\n") : nil
            completion(.result(FunctionReply(body: request.event, logTail: tail)))
        }
    }
}
