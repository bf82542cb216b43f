package import LambdaProtocol

/// Runs events, for which nobody waits, when there is room beside the callers who do.
package protocol EventInvoker: FunctionInvoker {
    /// Runs one event, after every invocation whose caller waits.
    ///
    /// Call on the invoker's loop.
    ///
    /// - Parameters:
    ///   - request: The invocation; its start deadline is when it is too old to be started.
    ///   - function: What ``resolve(_:)`` returned for it.
    ///   - onStart: Called when it is handed to an environment; not for one that is refused.
    ///   - completion: Called exactly once.
    func invokeEvent(
        _ request: InvocationRequest, of function: ResolvedFunction, onStart: @escaping () -> Void,
        completion: @escaping (InvocationOutcome) -> Void)

    /// Completes the events that have not started with a 503.
    func refuseWaitingEvents()

    /// Whether callers wait for an environment.
    var hasWaitingCallers: Bool { get }
}
