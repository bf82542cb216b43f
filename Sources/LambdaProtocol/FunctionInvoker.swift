package import NIOCore

/// Whatever can run a function's invocations: the daemon's own environments, or RabbitMQ seen from a gateway.
///
/// The Invoke API is written against this, so that the daemon and the gateway share it.
package protocol FunctionInvoker: AnyObject, Sendable {
    /// The loop on which ``invoke(_:of:completion:)`` is called, and on which it calls back.
    var eventLoop: any EventLoop { get }

    /// What the invoker knows of a function named in a request.
    ///
    /// - Returns: the function's identity, or the error to answer with (404 for a name that is not served).
    func resolve(_ name: FunctionName) -> Result<ResolvedFunction, InvokeError>

    /// Runs one invocation. Call on ``eventLoop``.
    ///
    /// - Parameters:
    ///   - request: The invocation.
    ///   - function: What ``resolve(_:)`` returned for it.
    ///   - completion: Called exactly once, on ``eventLoop``.
    func invoke(
        _ request: InvocationRequest, of function: ResolvedFunction,
        completion: @escaping (InvocationOutcome) -> Void)

    /// Runs one invocation whose caller takes the answer piece by piece. Call on ``eventLoop``.
    ///
    /// - Parameters:
    ///   - request: The invocation.
    ///   - function: What ``resolve(_:)`` returned for it.
    ///   - sink: Takes the answer of a function that streams; one that does not answers with its outcome alone.
    ///   - completion: Called exactly once, on ``eventLoop``, after everything that the sink is given.
    func invoke(
        _ request: InvocationRequest, of function: ResolvedFunction, into sink: any ResponseSink,
        completion: @escaping (InvocationOutcome) -> Void)

    /// Finds out whether an invocation could be run (`DryRun`). Call on ``eventLoop``.
    ///
    /// - Parameters:
    ///   - function: What ``resolve(_:)`` returned.
    ///   - completion: Called exactly once, on ``eventLoop``: with what an invocation would be refused with.
    func check(_ function: ResolvedFunction, completion: @escaping (InvokeError?) -> Void)
}

extension FunctionInvoker {
    /// Who resolves a function has it.
    package func check(_ function: ResolvedFunction, completion: @escaping (InvokeError?) -> Void) {
        completion(nil)
    }
}

/// A function that an invoker serves, with the qualifier that the caller used.
package struct ResolvedFunction: Sendable, Equatable {
    package var name: String
    package var qualifier: String?
    /// The ARN as the runtime is told it: unqualified, or ending in the caller's qualifier (contract 1.3).
    package var invokedFunctionARN: String

    package init(name: String, qualifier: String?, invokedFunctionARN: String) {
        self.name = name
        self.qualifier = qualifier
        self.invokedFunctionARN = invokedFunctionARN
    }
}
