package import AMQP
package import LambdaProtocol

extension InvokeError {
    /// An error of the connection or of the call, as the outcome that the wire contract gives it (design 4).
    ///
    /// What may have run is 408 and never 5xx: SDKs repeat a 5xx by themselves.
    ///
    /// - Parameters:
    ///   - error: What the call ended with.
    ///   - arn: The function's, for the text of a 404.
    ///   - qualifier: The caller's.
    package init(_ error: AMQPError, arn: FunctionARN, qualifier: String?) {
        switch error.code {
        case .unroutable: self = .functionNotFound(arn, qualifier: qualifier)
        case .timedOut where error.mayHaveExecuted: self.init(.noAnswer, "No answer from \(arn.name) in time.")
        case .nacked:
            self.init(
                .tooManyRequests, "Rate Exceeded.", reason: "ReservedFunctionConcurrentInvocationLimitExceeded",
                retryAfterSeconds: 1)
        case .invalidArgument: self.init(.invalidParameterValue, error.message)
        // The reply's way is gone, the request's may not have been.
        case _ where error.mayHaveExecuted: self.init(.noAnswer, error.message)
        default: self.init(.serviceUnavailable, error.message)
        }
    }
}
