package import LambdaProtocol

/// What follows for an event from its attempts, its age and its outcome (contract 11.1).
///
/// Pure.
package struct EventPolicy: Sendable {
    /// Why an event has ended, as a record says it (contract 11.2).
    package enum Condition: String, Sendable {
        case success = "Success"
        case retriesExhausted = "RetriesExhausted"
        case ageExceeded = "EventAgeExceeded"
    }

    /// What to do with an event that was delivered.
    package enum Arrival: Equatable {
        case run
        /// Publish it again with this many attempts, before it runs: whoever had it before may have died of it.
        case count(attempt: Int)
        case giveUp(Condition)
    }

    /// What to do with an event whose attempt is over, or could not be made.
    package enum Next: Equatable {
        case succeeded
        /// Try again after a while; `attempts` were made.
        case retry(afterMilliseconds: Int64, attempts: Int)
        /// It could not be started, which is no attempt: try again after a while.
        case backOff(afterMilliseconds: Int64, refusals: Int)
        case giveUp(Condition, attempts: Int)
    }

    /// Retries after the first attempt; AWS has 0 to 2.
    package var maxRetries: Int
    /// Before the first retry, the second and so on; the last counts for all that follow.
    package var waitsMilliseconds: [Int64]
    package var maxAgeMilliseconds: Int64
    /// How often an event is run that every daemon dies of; that many attempts may be lost beside the retries, too.
    package var maxLostAttempts: Int

    /// AWS's own numbers, where nothing is given.
    package init(
        maxRetries: Int = 2, waitsMilliseconds: [Int64] = [60_000, 120_000], maxAgeMilliseconds: Int64 = 21_600_000,
        maxLostAttempts: Int = 3
    ) {
        self.maxRetries = maxRetries
        self.waitsMilliseconds = waitsMilliseconds
        self.maxAgeMilliseconds = maxAgeMilliseconds
        self.maxLostAttempts = maxLostAttempts
    }

    /// An event was delivered.
    ///
    /// - Parameters:
    ///   - attempt: Attempts made so far.
    ///   - isRedelivered: Somebody had it before, and neither acknowledged it nor gave it back.
    ///   - ageMilliseconds: Since it was accepted.
    package func arrived(attempt: Int, isRedelivered: Bool, ageMilliseconds: Int64) -> Arrival {
        if isRedelivered {
            // One that was not run to an end so often is poison. `redelivered` alone does not say that it was run: an
            // event that only waited when its daemon was lost has it too, and is not to lose its retries by that.
            guard attempt + 1 < self.maxLostAttempts + self.maxRetries else { return .giveUp(.retriesExhausted) }
            return .count(attempt: attempt + 1)
        }
        return ageMilliseconds > self.maxAgeMilliseconds ? .giveUp(.ageExceeded) : .run
    }

    /// An attempt is over.
    ///
    /// - Parameters:
    ///   - outcome: What became of it.
    ///   - attempt: Attempts made before it.
    ///   - refusals: How often it could not be started before.
    ///   - ageMilliseconds: Since it was accepted.
    package func ended(
        _ outcome: InvocationOutcome, attempt: Int, refusals: Int, ageMilliseconds: Int64
    ) -> Next {
        switch outcome {
        case .result: return .succeeded
        case .functionError: return self.failed(attempts: attempt + 1, ageMilliseconds: ageMilliseconds)
        case .refused(let error):
            switch error.kind {
            case .requestExpired: return .giveUp(.ageExceeded, attempts: attempt)
            // It may have run.
            case .noAnswer: return self.failed(attempts: attempt + 1, ageMilliseconds: ageMilliseconds)
            case let kind where kind.status == 429 || kind.status >= 500:
                return self.refused(refusals: refusals + 1, attempts: attempt, ageMilliseconds: ageMilliseconds)
            // What is wrong with it stays wrong.
            default: return .giveUp(.retriesExhausted, attempts: attempt)
            }
        }
    }

    private func failed(attempts: Int, ageMilliseconds: Int64) -> Next {
        guard attempts <= self.maxRetries else { return .giveUp(.retriesExhausted, attempts: attempts) }
        let wait = self.waitsMilliseconds[safe: min(attempts, self.waitsMilliseconds.count) - 1] ?? 0
        guard ageMilliseconds + wait <= self.maxAgeMilliseconds else {
            return .giveUp(.ageExceeded, attempts: attempts)
        }
        return .retry(afterMilliseconds: wait, attempts: attempts)
    }

    /// From 1 s to 5 minutes, as on AWS, in few steps: each has a queue.
    private static let backOffMilliseconds: [Int64] = [1000, 10_000, 60_000, 300_000]

    private func refused(refusals: Int, attempts: Int, ageMilliseconds: Int64) -> Next {
        let steps = Self.backOffMilliseconds
        let wait = steps[safe: min(refusals, steps.count) - 1] ?? 1000
        guard ageMilliseconds + wait <= self.maxAgeMilliseconds else {
            return .giveUp(.ageExceeded, attempts: attempts)
        }
        return .backOff(afterMilliseconds: wait, refusals: refusals)
    }
}

extension Array {
    fileprivate subscript(safe index: Int) -> Element? { self.indices.contains(index) ? self[index] : nil }
}
