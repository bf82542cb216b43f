package import LambdaEnvironment
package import LambdaProtocol
import NIOCore

/// Counts what a function's parts do, where somebody wants to know.
///
/// All parts are on one loop, so that counting needs neither lock nor atomic; without a meter they count nothing.
// @unchecked: every member is used on the function's loop only.
package final class FunctionMeter: InvocationMeter, @unchecked Sendable {
    /// What was counted so far.
    package var counts = FunctionCounts()

    /// Nothing counted.
    package init() {}

    package func ended(_ invocation: Invocation, _ outcome: InvocationOutcome) {
        let wasStarted = invocation.startedAt >= invocation.arrivedAt
        self.counts.ended(
            outcome, failure: invocation.failure,
            wait: wasStarted ? invocation.startedAt - invocation.arrivedAt : nil,
            duration: invocation.deliveredAt.map { .now() - $0 })
    }
}
