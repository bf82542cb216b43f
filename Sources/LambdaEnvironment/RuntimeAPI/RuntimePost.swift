package import LambdaProtocol

/// What a runtime has posted as the answer to an invocation, or the platform's word in its place.
package struct RuntimePost {
    package var outcome: InvocationOutcome
    /// The error's type, as reports and telemetry tell of it; `nil` for a result.
    package var errorType: String?
    /// Whether the connection ended in the middle of it.
    package var isTruncated = false
}
