/// Why an invocation has no result: an error of the way there and back, not of the function.
///
/// A function's own error is a result, see ``InvocationResult/functionError``.
public struct LambdaError: Error, Sendable {
    /// The kinds of errors, each with the status that the wire contract gives it.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Base: String, Sendable {
            case badRequest, notDeployed, tooLarge, tooManyRequests, unavailable, expired, noAnswer, service
            case invalidConfiguration, accessRefused, cancelled, invalidResult, closed
        }

        private let base: Base

        private init(_ base: Base) { self.base = base }

        /// The request is refused as it is: not JSON, a bad client context, a qualifier that does not match (400).
        public static let badRequest = Self(.badRequest)
        /// No queue takes messages for the function, or not for this qualifier (404).
        public static let notDeployed = Self(.notDeployed)
        /// The event is over the limit (413).
        public static let tooLarge = Self(.tooLarge)
        /// There was no room: a queue limit, or no free environment in time (429). Not executed; try again later.
        public static let tooManyRequests = Self(.tooManyRequests)
        /// The broker was away or blocked before the request left (503). Not executed.
        public static let unavailable = Self(.unavailable)
        /// The request expired before it ran (408). Not executed.
        public static let expired = Self(.expired)
        /// No answer came in time, or the connection went while it was waited for (408). It may have been executed.
        public static let noAnswer = Self(.noAnswer)
        /// A fault on the other side (500). It may have been executed.
        public static let service = Self(.service)
        /// A setting is wrong; the message names it.
        public static let invalidConfiguration = Self(.invalidConfiguration)
        /// The broker refuses the user, the virtual host or TLS.
        public static let accessRefused = Self(.accessRefused)
        /// The task was cancelled. It may have been executed, unless the request had not left.
        public static let cancelled = Self(.cancelled)
        /// The function's result is not what the caller expected. It was executed.
        public static let invalidResult = Self(.invalidResult)
        /// The client was shut down before, or its connection closed. Not executed.
        public static let closed = Self(.closed)

        /// A bounded set of names: safe as a metric label.
        public var description: String { self.base.rawValue }
    }

    /// What kind of error it is.
    public let code: Code
    /// What happened, in words.
    public let message: String
    /// `X-Amzn-ErrorType` of the answer, where there was one: `ResourceNotFoundException`, …
    public let errorType: String?
    /// The invocation's request id, where there was an answer.
    public let requestID: String?
    /// How long to wait before trying again, where the answer said so (`Retry-After`).
    public let retryAfter: Duration?
    /// Whether the same invocation may succeed when it is made again: what hindered it passes by itself.
    public let isTransient: Bool
    /// Whether the function may have run: then the same invocation again is right only if it is idempotent.
    public internal(set) var mayHaveExecuted: Bool
    /// The error below this one, where there was one: an `AMQPError` of the connection or of the call, or what a JSON
    /// coder threw.
    public let underlying: (any Error)?

    /// Whether the same invocation may be made again: it may succeed then, and the function does not run twice.
    ///
    /// For an idempotent one, ``isTransient`` is enough.
    public var isRetriable: Bool { self.isTransient && !self.mayHaveExecuted }

    /// An error with everything that is known of it; in tests, what a client would throw.
    ///
    /// - Parameters:
    ///   - code: What kind of error it is.
    ///   - message: What happened, in words.
    ///   - errorType: `X-Amzn-ErrorType` of the answer.
    ///   - requestID: The invocation's request id.
    ///   - retryAfter: How long to wait before trying again.
    ///   - isTransient: Whether the same invocation may succeed later; the kind's own answer when nil.
    ///   - mayHaveExecuted: Whether the function may have run; the kind's own answer when nil.
    ///   - underlying: The error below this one.
    public init(
        _ code: Code, _ message: String, errorType: String? = nil, requestID: String? = nil,
        retryAfter: Duration? = nil, isTransient: Bool? = nil, mayHaveExecuted: Bool? = nil,
        underlying: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.errorType = errorType
        self.requestID = requestID
        self.retryAfter = retryAfter
        self.isTransient =
            isTransient ?? [.tooManyRequests, .unavailable, .expired, .noAnswer, .service].contains(code)
        self.mayHaveExecuted = mayHaveExecuted ?? [.noAnswer, .service, .cancelled, .invalidResult].contains(code)
        self.underlying = underlying
    }
}

extension LambdaError {
    /// The caller's task was cancelled.
    static var cancelled: LambdaError { LambdaError(.cancelled, "the call was cancelled") }

    /// The same, before anything of the call had left.
    static var cancelledBefore: LambdaError {
        LambdaError(.cancelled, "the call was cancelled", mayHaveExecuted: false)
    }
}

extension LambdaError: CustomStringConvertible {
    /// Kind and message.
    public var description: String { "\(self.errorType ?? self.code.description): \(self.message)" }
}
