/// Whatever can take an event into its care, so that its caller may go: a broker that has confirmed it, for one.
package protocol EventAcceptor: AnyObject, Sendable {
    /// Takes an event that nobody waits for. Call on the invoker's loop.
    ///
    /// - Parameters:
    ///   - request: The event.
    ///   - function: What the invoker resolved for it.
    ///   - completion: Called exactly once, on the loop: without an error once the event will not be lost any more.
    func accept(
        _ request: InvocationRequest, of function: ResolvedFunction, completion: @escaping (InvokeError?) -> Void)
}
