package import NIOCore

/// Who hands invocations to environments.
///
/// Called on the environment's loop.
package protocol ExecutionEnvironmentDelegate: AnyObject {
    /// The environment can take an invocation, or be started, or no longer.
    func environment(_ environment: ExecutionEnvironment, became notice: EnvironmentActions<Invocation>.Notice)
    /// An invocation is over, in an environment that takes several at a time.
    func environmentEndedInvocation(_ environment: ExecutionEnvironment)
    /// Init has succeeded, and took so long.
    func environment(_ environment: ExecutionEnvironment, endedInitAfter duration: TimeAmount)
    /// Init has failed.
    func environment(_ environment: ExecutionEnvironment, failedInit failure: EnvironmentFailure)
}
