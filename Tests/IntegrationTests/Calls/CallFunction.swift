import LambdaFunction
import LambdaProtocol
import NIOCore

/// Keeps the calls that it is handed until the test has them end.
// @unchecked: every member is used on `eventLoop` only.
final class CallFunction: CallInvoker, @unchecked Sendable {
    struct Call {
        let request: InvocationRequest
        let completion: (InvocationOutcome) -> Void
    }

    let eventLoop: any EventLoop
    /// Calls that were handed over and have not ended, oldest first.
    private(set) var open: [Call] = []
    /// How often a call was handed over.
    private(set) var runCount = 0

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    func resolve(_ name: FunctionName) -> Result<ResolvedFunction, InvokeError> {
        .success(ResolvedFunction(name: name.name, qualifier: name.qualifier, invokedFunctionARN: ""))
    }

    func invoke(
        _ request: InvocationRequest, of function: ResolvedFunction,
        completion: @escaping (InvocationOutcome) -> Void
    ) {
        self.runCount += 1
        self.open.append(Call(request: request, completion: completion))
    }

    func invoke(
        _ request: InvocationRequest, of function: ResolvedFunction, into sink: any ResponseSink,
        completion: @escaping (InvocationOutcome) -> Void
    ) {
        self.invoke(request, of: function, completion: completion)
    }

    /// Ends the oldest call: with its event as the result, or otherwise.
    func end(_ outcome: InvocationOutcome? = nil) {
        let call = self.open.removeFirst()
        call.completion(outcome ?? .result(FunctionReply(body: call.request.event)))
    }
}
