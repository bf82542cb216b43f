package import LambdaProtocol

/// One invocation on its way through scheduler and environment, and the means to answer it.
///
/// A class: it is handed around in several machines' states, and a request has many members to copy.
// @unchecked: used on the loop of its environment and scheduler only, whose entries assert it.
package final class Invocation: @unchecked Sendable {
    package let request: InvocationRequest
    /// Takes the answer as it comes; `nil` for a caller who wants it whole.
    package let sink: (any ResponseSink)?
    /// Called when the invocation is handed to its environment; `nil` for a caller who does not care.
    package var onStart: (() -> Void)?
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
        completion(outcome)
    }
}
