package import LambdaProtocol

/// Who counts what becomes of invocations, for metrics.
///
/// Called on the environment's loop.
package protocol InvocationMeter: AnyObject {
    /// An invocation is about to be answered.
    func ended(_ invocation: Invocation, _ outcome: InvocationOutcome)
}
