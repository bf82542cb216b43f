import LambdaFunction
import LambdaProtocol
import NIOCore

/// Runs events as the test says, one after the other; calls are answered with their event.
// @unchecked: every member is used on `eventLoop` only.
final class EventFunction: EventInvoker, CallInvoker, @unchecked Sendable {
    let eventLoop: any EventLoop
    struct Event {
        let request: InvocationRequest
        let onStart: () -> Void
        let completion: (InvocationOutcome) -> Void
    }

    /// The events that were handed over and are not answered, oldest first.
    private(set) var open: [Event] = []
    private(set) var callCount = 0
    var hasWaitingCallers = false

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
        self.callCount += 1
        completion(.result(FunctionReply(body: request.event)))
    }

    func invoke(
        _ request: InvocationRequest, of function: ResolvedFunction, into sink: any ResponseSink,
        completion: @escaping (InvocationOutcome) -> Void
    ) {
        self.invoke(request, of: function, completion: completion)
    }

    func invokeEvent(
        _ request: InvocationRequest, of function: ResolvedFunction, onStart: @escaping () -> Void,
        completion: @escaping (InvocationOutcome) -> Void
    ) {
        self.open.append(Event(request: request, onStart: onStart, completion: completion))
    }

    func refuseWaitingEvents() {
        let waiting = self.open
        self.open = []
        for event in waiting {
            event.completion(.refused(InvokeError(.serviceUnavailable, "The function's host is shutting down.")))
        }
    }

    /// Starts the oldest event that has not started, of those at or after `index`.
    func start(_ index: Int = 0) {
        self.open[index].onStart()
    }

    /// Ends the oldest event.
    func end(_ outcome: InvocationOutcome) {
        self.open.removeFirst().completion(outcome)
    }
}
