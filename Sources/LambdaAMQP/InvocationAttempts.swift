/// The attempts at one invocation: whether there is another, and when.
///
/// Pure: no clock, no randomness.
package struct InvocationAttempts {
    /// What follows from an attempt that failed.
    package enum Action: Equatable {
        case retry(after: Duration)
        /// The invocation ends, with ``outcome(_:)``.
        case giveUp
    }

    private let policy: LambdaRetryPolicy
    private let isIdempotent: Bool
    private let deadline: ContinuousClock.Instant
    /// The attempt that is under way, from 1.
    package private(set) var number = 1
    /// One that has failed may have run the function all the same.
    private var mayHaveExecuted = false

    /// The first attempt begins.
    ///
    /// - Parameters:
    ///   - policy: How often and how far apart.
    ///   - isIdempotent: Whether running twice does no harm.
    ///   - deadline: When everything has to be over.
    package init(policy: LambdaRetryPolicy, isIdempotent: Bool, deadline: ContinuousClock.Instant) {
        self.policy = policy
        self.isIdempotent = isIdempotent
        self.deadline = deadline
    }

    /// When the attempt that begins now has to be over.
    package func attemptDeadline(now: ContinuousClock.Instant) -> ContinuousClock.Instant {
        guard let timeout = self.policy.attemptTimeout else { return self.deadline }
        return min(self.deadline, now + timeout)
    }

    /// The attempt has failed.
    ///
    /// - Parameters:
    ///   - error: What it failed with.
    ///   - now: The time.
    ///   - jitter: 0 to 1, at random.
    package mutating func failed(
        _ error: LambdaError, now: ContinuousClock.Instant, jitter: Double
    ) -> Action {
        self.mayHaveExecuted = self.mayHaveExecuted || error.mayHaveExecuted
        let mayRepeat = self.isIdempotent ? error.isTransient : error.isRetriable
        guard self.number < self.policy.maximumAttempts, mayRepeat else { return .giveUp }
        let pause = (error.retryAfter ?? .zero) + self.longestPause * min(max(jitter, 0), 1)
        // An attempt without time to it would tell the caller less than this error.
        guard now + pause < self.deadline else { return .giveUp }
        self.number += 1
        return .retry(after: pause)
    }

    /// An error as that of all attempts: the last may not have run the function, and one before it may.
    package func outcome(_ error: LambdaError) -> LambdaError {
        var error = error
        error.mayHaveExecuted = self.mayHaveExecuted
        return error
    }

    private var longestPause: Duration {
        // The limit is reached long before this many doublings.
        let doubled = self.policy.baseDelay * (1 << min(self.number - 1, 16))
        return max(.zero, min(doubled, self.policy.maximumDelay))
    }
}
