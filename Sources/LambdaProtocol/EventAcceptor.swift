/// Takes over events that nobody waits for, so that they are run whatever happens to whoever took them.
///
/// The Invoke API answers 202 only after that.
package protocol EventAcceptor: AnyObject, Sendable {
    /// Takes one event over. Call on the invoker's loop.
    ///
    /// - Parameters:
    ///   - request: The invocation.
    ///   - function: What the invoker's `resolve` returned for it.
    ///   - completion: Called exactly once, on the loop: `nil` when the event is kept safely, else why it is not.
    func accept(
        _ request: InvocationRequest, of function: ResolvedFunction, completion: @escaping (InvokeError?) -> Void)
}
