import DequeModule
package import LambdaProtocol
package import NIOCore

/// Invocations that carry an idempotency key: of those with one key the first runs, and its result is for all of them.
///
/// Pure.
///
/// Only a result is remembered: after an error, and what was not run, the next one with the key runs. It is the memory of
/// one process: daemons that share a queue do not know of each other's.
package struct IdempotentCalls<Waiter> {
    /// What has to agree for two invocations to be one.
    package struct Key: Hashable, Sendable {
        private let text: String
        private let functionARN: String
        private let tenantID: String?

        /// - Returns: `nil` for an invocation without a key.
        package init?(_ request: InvocationRequest) {
            guard let text = request.idempotencyKey else { return nil }
            self.text = text
            self.functionARN = request.invokedFunctionARN
            self.tenantID = request.tenantID
        }
    }

    /// What is remembered at most.
    package struct Limits: Sendable {
        package var count: Int
        package var byteCount: Int
        package var time: TimeAmount

        package init(count: Int = 10_000, byteCount: Int = 32 * 1024 * 1024, time: TimeAmount = .minutes(5)) {
            self.count = count
            self.byteCount = byteCount
            self.time = time
        }
    }

    /// What to do with an invocation.
    package enum Arrival: Equatable {
        /// It is the first: run it, and say how it ended.
        case run
        /// Another one runs; it ends with that.
        case wait
        case answer(InvocationOutcome)
        case refuse(InvokeError)
    }

    /// What follows from an end, for those that wait.
    package enum Ending {
        /// They have the same outcome.
        case share([Waiter])
        /// Nothing was run: let them arrive once more.
        case arriveAgain([Waiter])
    }

    private struct Remembered {
        let event: EventDigest
        let outcome: InvocationOutcome
        let byteCount: Int
        let forgetAt: NIODeadline
    }

    private let limits: Limits
    private var running: [Key: (event: EventDigest, waiters: [Waiter])] = [:]
    private var remembered: [Key: Remembered] = [:]
    /// The keys of what is remembered, the oldest first.
    private var order: Deque<Key> = []
    private var byteCount = 0

    package init(limits: Limits) {
        self.limits = limits
    }

    /// How many results are remembered.
    package var rememberedCount: Int { self.remembered.count }

    /// An invocation with a key is to be run.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - event: Two invocations of one key have to have the same event.
    ///   - makeWaiter: Called only if it has to wait.
    ///   - now: The present.
    package mutating func arrived(
        _ key: Key, event: EventDigest, _ makeWaiter: @autoclosure () -> Waiter, now: NIODeadline
    ) -> Arrival {
        self.forget(before: now)
        if let known = self.remembered[key] {
            return known.event == event ? .answer(known.outcome) : .refuse(.otherEventOfKey)
        }
        guard let known = self.running[key] else {
            self.running[key] = (event, [])
            return .run
        }
        guard known.event == event else { return .refuse(.otherEventOfKey) }
        self.running[key]?.waiters.append(makeWaiter())
        return .wait
    }

    /// The invocation that ran, or was to run, has ended.
    package mutating func ended(_ key: Key, _ outcome: InvocationOutcome, now: NIODeadline) -> Ending {
        guard let (event, waiters) = self.running.removeValue(forKey: key) else { return .share([]) }
        switch outcome {
        case .result(let reply):
            self.remember(
                Remembered(
                    event: event, outcome: outcome, byteCount: reply.body.readableBytes,
                    forgetAt: now + self.limits.time),
                key)
            return .share(waiters)
        case .functionError: return .share(waiters)
        case .refused: return .arriveAgain(waiters)
        }
    }

    private mutating func remember(_ result: Remembered, _ key: Key) {
        guard result.byteCount <= self.limits.byteCount, self.limits.count > 0 else { return }
        while self.order.count >= self.limits.count || self.byteCount + result.byteCount > self.limits.byteCount {
            self.forgetOldest()
        }
        self.remembered[key] = result
        self.order.append(key)
        self.byteCount += result.byteCount
    }

    private mutating func forget(before now: NIODeadline) {
        while let oldest = self.order.first, let result = self.remembered[oldest], result.forgetAt <= now {
            self.forgetOldest()
        }
    }

    private mutating func forgetOldest() {
        guard let key = self.order.popFirst(), let result = self.remembered.removeValue(forKey: key) else { return }
        self.byteCount -= result.byteCount
    }
}

extension InvokeError {
    /// The key is taken by another invocation.
    package static let otherEventOfKey = InvokeError(
        .invalidParameterValue, "The idempotency key was used with another event.")
}
