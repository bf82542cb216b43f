package import LambdaProtocol

extension InvocationScheduler.Refusal {
    /// What a caller is told of it.
    package var error: InvokeError {
        switch self {
        case .expired:
            InvokeError(.requestExpired, "The request expired before the function was started.")
        case .noRoom:
            InvokeError(
                .tooManyRequests, "Rate Exceeded.", reason: "ReservedFunctionConcurrentInvocationLimitExceeded",
                retryAfterSeconds: 1)
        case .draining:
            InvokeError(.serviceUnavailable, "The function's host is shutting down.", retryAfterSeconds: 1)
        }
    }
}
