import LambdaProtocol
import NIOCore

/// Runs functions whose names say what they do; `hello` answers with its event.
// @unchecked: used on `eventLoop` only.
final class FakeInvoker: FunctionInvoker, @unchecked Sendable {
    let eventLoop: any EventLoop
    let slowInvocationsEnded: AsyncStream<Void>
    var requests: [InvocationRequest] = []
    /// What the function `scripted` answers.
    var scripted = FunctionReply(body: ByteBuffer())
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
        case "scripted": completion(.result(self.scripted))
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

    /// Writes to the stream that has begun until it wants no more for now.
    func fillStream() async throws {
        while try await self.writeToStream(times: 1) { try Task.checkCancellation() }
    }

    /// Writes to the stream until it takes everything, since nobody is there any more; then ends it.
    func endStreamThatNobodyReads() async throws {
        while try await !self.writeToStream(times: 10) { try Task.checkCancellation() }
        try await self.eventLoop.submit {
            self.stream?.completion(.result(FunctionReply(body: ByteBuffer())))
            self.stream = nil
        }.get()
    }

    /// - Returns: whether more was wanted after each; `true` while nothing has begun, too, where only one is written.
    private func writeToStream(times: Int) async throws -> Bool {
        let chunk = ByteBuffer(repeating: 0x41, count: 65_536)
        return try await self.eventLoop.submit {
            guard let sink = self.stream?.sink else { return times == 1 }
            for _ in 0..<times where !sink.write(chunk) { return false }
            return true
        }.get()
    }
}
