import LambdaProtocol
import NIOCore

/// Functions whose names say what they do, and whose answers are a script's: a function's word is not to be trusted either.
// @unchecked: used on `eventLoop` only.
final class ScriptedInvoker: FunctionInvoker, EventAcceptor, @unchecked Sendable {
    let eventLoop: any EventLoop
    private let script: ByteBuffer
    private let contentType: String?

    /// - Parameters:
    ///   - script: What functions answer with.
    ///   - kind: Which content type they say.
    init(script: [UInt8], kind: UInt8, eventLoop: any EventLoop) {
        self.script = ByteBuffer(bytes: script)
        let types = [nil, "application/json", HTTPIntegrationPrelude.contentType, "text/plain; a=\"b\"", "x\r\ny: z", ""]
        self.contentType = types[Int(kind) % types.count]
        self.eventLoop = eventLoop
    }

    func resolve(_ name: FunctionName) -> Result<ResolvedFunction, InvokeError> {
        guard name.name != "nobody" else { return .failure(InvokeError(.resourceNotFound, "Function not found: nobody")) }
        return .success(
            ResolvedFunction(
                name: name.name, qualifier: name.qualifier, invokedFunctionARN: "arn:aws:lambda:r:1:function:\(name.name)"))
    }

    func check(_ function: ResolvedFunction, completion: @escaping (InvokeError?) -> Void) {
        completion(function.name == "busy" ? InvokeError(.tooManyRequests, "Rate Exceeded.") : nil)
    }

    func accept(
        _ request: InvocationRequest, of function: ResolvedFunction, completion: @escaping (InvokeError?) -> Void
    ) {
        self.check(function, completion: completion)
    }

    func invoke(
        _ request: InvocationRequest, of function: ResolvedFunction, completion: @escaping (InvocationOutcome) -> Void
    ) {
        let outcome = self.outcome(request, of: function)
        guard function.name.hasPrefix("slow") else { return completion(outcome) }
        self.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { completion(outcome) }
    }

    func invoke(
        _ request: InvocationRequest, of function: ResolvedFunction, into sink: any ResponseSink,
        completion: @escaping (InvocationOutcome) -> Void
    ) {
        guard function.name.hasPrefix("stream") else { return self.invoke(request, of: function, completion: completion) }
        sink.begin(ResponseHead(contentType: self.contentType, executedVersion: "7"))
        var rest = self.script
        while let part = rest.readSlice(length: min(7, rest.readableBytes)), part.readableBytes > 0 { _ = sink.write(part) }
        let ending: InvocationOutcome =
            function.name == "streamfails"
            ? .functionError(FunctionReply(body: self.script)) : .result(FunctionReply(body: ByteBuffer()))
        completion(ending)
    }

    private func outcome(_ request: InvocationRequest, of function: ResolvedFunction) -> InvocationOutcome {
        let tail = request.wantsLogTail ? self.script : nil
        let reply = FunctionReply(
            body: function.name == "echo" ? request.event : self.script, contentType: self.contentType, logTail: tail,
            executedVersion: "$LATEST")
        switch function.name {
        case "fails": return .functionError(reply)
        case "busy": return .refused(InvokeError(.tooManyRequests, "Rate Exceeded.", retryAfterSeconds: 1))
        default: return .result(reply)
        }
    }
}
