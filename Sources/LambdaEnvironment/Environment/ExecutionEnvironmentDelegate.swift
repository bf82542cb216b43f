package import NIOCore

/// Who hands invocations to environments.
///
/// Called on the environment's loop.
package protocol ExecutionEnvironmentDelegate: AnyObject {
    /// The environment can take an invocation, or be started, or no longer.
    func environment(_ environment: ExecutionEnvironment, became notice: EnvironmentActions<Invocation>.Notice)
    /// The runtime is given the event of an invocation, or its init runs inside of one.
    func environment(_ environment: ExecutionEnvironment, began invocation: Invocation)
    /// An invocation is over: the caller has its answer, and runtime and extensions are ready again or gone.
    func environment(_ environment: ExecutionEnvironment, ended record: InvocationRecord)
    /// Init has failed, after this time.
    func environment(
        _ environment: ExecutionEnvironment, failedInit failure: EnvironmentFailure, after duration: TimeAmount,
        insideInvocation: Bool)
}
