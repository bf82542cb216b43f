/// When an invocation that failed on its way is made again.
///
/// Only what has certainly not run is repeated (``LambdaError/isRetriable``): no room, no broker, expired in its queue.
/// What may have run is repeated only for an invocation that is called idempotent
/// (``InvocationOptions/isIdempotent``). A function's own error is a result, and never repeated.
///
/// The pause before the second attempt is random, up to ``baseDelay``; the limit doubles with each attempt, up to
/// ``maximumDelay``. An error that says how long to wait (`Retry-After`) is waited for as long, and the pause in
/// addition. All attempts and pauses together take no longer than ``InvocationOptions/timeout``.
public struct LambdaRetryPolicy: Sendable, Hashable {
    /// How often an invocation is made at most; 1 is once, and so is anything below.
    ///
    /// Default: 5.
    public var maximumAttempts: Int
    /// The longest pause before the second attempt. Zero: none.
    ///
    /// Default: 100 ms.
    public var baseDelay: Duration
    /// The longest pause before any attempt.
    ///
    /// Default: 2 s.
    public var maximumDelay: Duration
    /// How long one attempt may take; nil: all the time that there is.
    ///
    /// Shorter than the function takes, it makes an idempotent invocation run several times; of a stream it is the time of
    /// the whole answer. Default: nil.
    public var attemptTimeout: Duration?

    /// Five attempts, 0.1 s to 2 s apart, unless given.
    ///
    /// - Parameters:
    ///   - maximumAttempts: How often an invocation is made at most, the first time included. 5.
    ///   - baseDelay: The longest pause before the second attempt; it doubles with each further one. 100 ms.
    ///   - maximumDelay: The longest pause before any attempt. 2 s.
    ///   - attemptTimeout: How long one attempt may take. All the time that there is.
    public init(
        maximumAttempts: Int = 5, baseDelay: Duration = .milliseconds(100), maximumDelay: Duration = .seconds(2),
        attemptTimeout: Duration? = nil
    ) {
        self.maximumAttempts = maximumAttempts
        self.baseDelay = baseDelay
        self.maximumDelay = maximumDelay
        self.attemptTimeout = attemptTimeout
    }

    /// Five attempts, 0.1 s to 2 s apart: a broker that restarts is waited for.
    public static let standard = LambdaRetryPolicy()
    /// One attempt.
    public static let once = LambdaRetryPolicy(maximumAttempts: 1)
}
