package import LambdaProtocol
package import NIOCore

/// One invocation on its way through scheduler and environment, and the means to answer it.
///
/// A class: it is handed around in several machines' states, and a request has many members to copy.
// @unchecked: used on the loop of its environment and scheduler only, whose entries assert it.
package final class Invocation: @unchecked Sendable {
    package let request: InvocationRequest
    /// Takes the answer as it comes; `nil` for a caller who wants it whole.
    package let sink: (any ResponseSink)?
    /// By what whoever handed it over takes it back while it waits; 0: not at all.
    package var ticket: UInt64 = 0
    /// Whether somebody else may run it instead.
    package var mayGoBack = false
    /// Called when the invocation is handed to its environment; `nil` for a caller who does not care.
    package var onStart: (() -> Void)?
    /// Who counts it; `nil` where nobody does.
    package var meter: (any InvocationMeter)?
    /// When it came; only where it is counted.
    package var arrivedAt = NIODeadline.uptimeNanoseconds(0)
    /// When it was handed to an environment.
    package var startedAt = NIODeadline.uptimeNanoseconds(0)
    /// When its event was handed to the runtime; `nil` before.
    package var deliveredAt: NIODeadline?
    /// Why the platform answered in the place of the runtime.
    package var failure: EnvironmentFailure?
    private var completion: ((InvocationOutcome) -> Void)?

    /// - Parameters:
    ///   - request: What to run.
    ///   - sink: Takes the answer as it comes; `nil` for a caller who wants it whole.
    ///   - completion: Called exactly once.
    package init(
        _ request: InvocationRequest, sink: (any ResponseSink)? = nil,
        completion: @escaping (InvocationOutcome) -> Void
    ) {
        self.request = request
        self.sink = sink
        self.completion = completion
    }

    /// Answers the caller.
    ///
    /// Only the first call has an effect.
    package func complete(_ outcome: InvocationOutcome) {
        guard let completion = self.completion else { return }
        self.completion = nil
        // First: who has the answer may look at the metrics at once.
        self.meter?.ended(self, outcome)
        completion(outcome)
    }
}
