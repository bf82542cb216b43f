package import AMQP
import LambdaProtocol

extension LambdaError {
    /// An error of the connection or of the call, as the outcome that the wire contract gives it.
    package init(_ error: AMQPError, function: String) {
        let (code, message, kind) = Self.outcome(of: error, function)
        self.init(
            code, message, errorType: kind?.errorType, isTransient: error.isTransient,
            mayHaveExecuted: error.mayHaveExecuted, underlying: error)
    }

    private static func outcome(
        of error: AMQPError, _ function: String
    ) -> (code: Code, message: String, kind: InvokeError.Kind?) {
        switch error.code {
        case .unroutable:
            (.notDeployed, "Function not found: \(function) (no queue of that name)", .resourceNotFound)
        case .timedOut where error.mayHaveExecuted: (.noAnswer, "No answer from \(function) in time", .noAnswer)
        case .nacked: (.tooManyRequests, error.message, .tooManyRequests)
        case .invalidConfiguration: (.invalidConfiguration, error.message, nil)
        case .invalidArgument: (.badRequest, error.message, nil)
        case .accessRefused, .vhostNotFound, .tlsFailed: (.accessRefused, error.message, nil)
        case .cancelled: (.cancelled, error.message, nil)
        // The reply's way is gone, the request's may not have been.
        case _ where error.mayHaveExecuted: (.noAnswer, error.message, .noAnswer)
        case .connectionClosed: (.closed, error.message, nil)
        default: (.unavailable, error.message, .serviceUnavailable)
        }
    }

    /// An error of a client that is only starting, so that nothing of a call can have left.
    init(starting error: AMQPError) {
        let code: Code =
            switch error.code {
            // 404, 405 and 406 do not pass by themselves: such replies cannot be had from this broker.
            case .channelClosed where [.notFound, .resourceLocked, .preconditionFailed].contains(error.replyCode):
                .invalidConfiguration
            case .invalidConfiguration, .invalidArgument: .invalidConfiguration
            case .accessRefused, .vhostNotFound, .tlsFailed: .accessRefused
            case .connectionClosed where !error.isServerInitiated: .closed
            case .cancelled: .cancelled
            default: .unavailable
            }
        let kind: InvokeError.Kind? = code == .unavailable ? .serviceUnavailable : nil
        self.init(code, error.message, errorType: kind?.errorType, mayHaveExecuted: false, underlying: error)
    }

    /// The connection was closed before the call: nothing of it has left.
    init(closedBefore error: AMQPError) {
        self.init(.closed, "the client's connection was closed: \(error.message)", underlying: error)
    }

    /// An error that came as an answer.
    init(status: Int, errorType: String?, message: String, requestID: String?, retryAfter: Duration?) {
        let code: Code =
            switch (status, errorType) {
            case (404, _): .notDeployed
            case (408, InvokeError.Kind.requestExpired.errorType): .expired
            case (408, _): .noAnswer
            case (413, _): .tooLarge
            case (429, _): .tooManyRequests
            case (503, _): .unavailable
            case (400..<500, _): .badRequest
            default: .service
            }
        self.init(code, message, errorType: errorType, requestID: requestID, retryAfter: retryAfter)
    }
}
