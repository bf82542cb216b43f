package import LambdaProtocol

extension InvocationOutcome {
    /// What the caller of a call is told that another daemon may have run, and that does not run now.
    ///
    /// "It did not run, try again" would be said of this delivery only; callers take it for a promise, and repeat the
    /// call by themselves. What is wrong with the request itself was so the first time, too, and stays as it is.
    package var afterRedelivery: InvocationOutcome {
        guard case .refused(let error) = self else { return self }
        switch error.kind {
        case .requestExpired, .tooManyRequests, .serviceUnavailable:
            return .refused(
                InvokeError(
                    .noAnswer,
                    "A daemon that had the invocation was lost, and may have run it. It was not run again: \(error.message)"))
        default: return self
        }
    }
}
