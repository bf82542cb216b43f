import LambdaProtocol

/// What became of a request, as a metric's label: few, and none from outside.
enum GatewayOutcome: String, CaseIterable, Sendable {
    case result
    case functionError = "function_error"
    /// An event that the broker has confirmed.
    case accepted
    /// A request that was only to be checked.
    case checked
    case notFound = "not_found"
    case throttled
    /// The broker was away or took nothing: nothing was sent.
    case unavailable
    case noAnswer = "no_answer"
    case expired
    case tooLarge = "too_large"
    /// Another error that is the caller's.
    case refused
    /// Another error that is ours.
    case failed

    init(_ outcome: InvocationOutcome) {
        switch outcome {
        case .result: self = .result
        case .functionError: self = .functionError
        case .refused(let error): self.init(error)
        }
    }

    init(_ error: InvokeError) {
        switch error.kind {
        case .resourceNotFound: self = .notFound
        case .tooManyRequests: self = .throttled
        case .serviceUnavailable: self = .unavailable
        case .noAnswer: self = .noAnswer
        case .requestExpired: self = .expired
        case .requestTooLarge: self = .tooLarge
        case let kind: self = kind.status < 500 ? .refused : .failed
        }
    }
}
