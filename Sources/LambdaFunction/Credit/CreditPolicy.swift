package import NIOCore

/// How many messages a daemon may hold beyond those that it runs (design 5).
///
/// Pure: what is measured comes in, what is to be done comes out.
///
/// A daemon that holds no more than it can run is fair, and waits for the broker after each invocation. So it looks ahead
/// only while waiting is provably short: when so many invocations in a row took so little time on the
/// average, at a rate that makes the wait for the broker matter. It looks ahead no longer when one message has waited
/// too long, whatever the reason, and what has not started then goes back to the queue. Where that happens soon, the next
/// proof has to be twice as long, so that a function whose invocations are short but for a few is not tried for ever.
/// Where it happens after a long time, it was worth it: a busy machine, too, keeps a message waiting now and then.
///
/// What the machine does must not look like what the function does, since exact credit makes a busy machine busier. So the
/// proof is one average, in which a stretch may take twice as long; and it takes two bad stretches in a row to end it, so
/// that a moment in which the machine stood still does not, nor a pause between two bursts.
package struct CreditPolicy: Sendable {
    package struct Limits: Sendable {
        /// Invocations that may run at a time.
        package var slots: Int
        /// Messages that may be held beyond those.
        package var lookAhead: Int
        /// What an invocation may take on the average for waiting to be short; default 1 ms.
        package var shortDuration: TimeAmount
        /// From one invocation in a slot to the next, at most, where the wait for the broker matters; default 10 ms.
        package var busyInterval: TimeAmount
        /// How often it is looked whether messages have waited for so long already; default 4 ms.
        ///
        /// So one is late after once to twice this time, and where it looks ahead after four to five times.
        package var checkInterval: TimeAmount
        /// Invocations in a row that prove a function short; default 256 for each slot.
        package var proof: Int

        package init(
            slots: Int, lookAhead: Int, shortDuration: TimeAmount = .milliseconds(1),
            busyInterval: TimeAmount = .milliseconds(10), checkInterval: TimeAmount = .milliseconds(4),
            proof: Int? = nil
        ) {
            self.slots = max(1, slots)
            self.lookAhead = lookAhead
            self.shortDuration = shortDuration
            self.busyInterval = busyInterval
            self.checkInterval = checkInterval
            self.proof = max(1, proof ?? 256 * max(1, slots))
        }
    }

    package enum Action: Equatable {
        case none
        /// Consume with the larger prefetch.
        case lookAhead
        /// Consume exactly, and say when the broker has agreed to the end of the other consumer: a message that is given
        /// back before would come straight back.
        case stopLookingAhead
        /// Give back what waits without a slot in sight.
        case handBack
    }

    private enum State {
        /// Can transition to: `lookingAhead`.
        case exact
        /// `wasBad`: in the stretch before invocations were long, or few. Can transition to: `stopping`, or `exact` with
        /// its channel.
        case lookingAhead(wasBad: Bool)
        /// The broker has not agreed to its end yet. Can transition to: `exact`.
        case stopping
    }

    /// A proof is never longer than this many times the first one.
    private static let maxGrowth = 64
    /// Looking ahead for this many times the proof's invocations halves the next proof.
    private static let longGoodTime = 4
    /// How many checks a message waits for where it looks ahead, until it has waited too long.
    private static let patience = 4
    /// How much longer than on the average invocations may take in one stretch of them: a busy machine stands still now and then.
    private static let stretchTolerance = 2

    private let limits: Limits
    private var state = State.exact
    /// The short stretches in a row, until they are a proof.
    private var evidence = InvocationPace()
    /// How many invocations a proof takes now.
    private var needed: Int
    /// Short invocations since it looks ahead.
    private var kept = 0
    /// The newest message at each of the last checks; the last one's is the last.
    private var newestAtChecks = [UInt64](repeating: 0, count: Self.patience)

    package init(limits: Limits) {
        self.limits = limits
        self.needed = limits.proof
    }

    package var isLookingAhead: Bool {
        if case .lookingAhead = self.state { true } else { false }
    }

    /// So many invocations have ended since the last time.
    package mutating func measured(_ pace: InvocationPace) -> Action {
        guard pace.count > 0 else { return .none }
        let isShort = pace.total <= self.limits.shortDuration * (Self.stretchTolerance * pace.count)
        let isBusy = pace.span * self.limits.slots <= self.limits.busyInterval * pace.count
        switch self.state {
        case .exact: return self.measuredExact(pace, isGood: isShort && isBusy)
        case .lookingAhead(let wasBad):
            if isShort && isBusy {
                self.state = .lookingAhead(wasBad: false)
                self.kept += pace.count
            } else if wasBad {
                return isShort ? self.stop() : self.fail()
            } else {
                self.state = .lookingAhead(wasBad: true)
            }
            return .none
        case .stopping: return .none
        }
    }

    private mutating func measuredExact(_ pace: InvocationPace, isGood: Bool) -> Action {
        guard isGood, self.limits.lookAhead > 0 else {
            self.evidence = InvocationPace()
            return .none
        }
        self.evidence.count += pace.count
        self.evidence.total = self.evidence.total + pace.total
        guard self.evidence.count >= self.needed else { return .none }
        defer { self.evidence = InvocationPace() }
        guard self.evidence.total <= self.limits.shortDuration * self.evidence.count else { return .none }
        self.kept = 0
        self.state = .lookingAhead(wasBad: false)
        return .lookAhead
    }

    /// Looks whether a message has waited too long.
    ///
    /// Messages have growing numbers, so that no clock has to be read for each: one that came before the last check has
    /// waited since then. Where it looks ahead an older one counts: a busy machine stands still for ten milliseconds
    /// now and then, and to end for that costs more than the few messages wait.
    ///
    /// - Parameters:
    ///   - oldest: The oldest message that waits without a slot in sight and may be given back.
    ///   - newest: The newest that has come.
    ///   - isReliable: `false`: the check itself is late, and so would be what is looked at.
    package mutating func checked(oldest: UInt64?, newest: UInt64, isReliable: Bool) -> Action {
        let limit = self.newestAtChecks[self.isLookingAhead ? 0 : Self.patience - 1]
        self.newestAtChecks.removeFirst()
        self.newestAtChecks.append(newest)
        guard isReliable, let oldest, oldest <= limit else { return .none }
        switch self.state {
        case .exact: return .handBack
        case .lookingAhead: return self.fail()
        case .stopping: return .none
        }
    }

    /// The broker has agreed to the end of the larger consumer: nothing more comes of it.
    package mutating func stopped() -> Action {
        guard case .stopping = self.state else { return .none }
        self.state = .exact
        return .handBack
    }

    /// The consumer is gone, with its channel; so are the numbers of messages.
    package mutating func lost() {
        self.state = .exact
        self.evidence = InvocationPace()
        self.newestAtChecks = [UInt64](repeating: 0, count: Self.patience)
    }

    /// A message waited, or could have.
    private mutating func fail() -> Action {
        // The messages ahead of so many others are under one in a hundred.
        if self.kept < self.needed { self.needed = min(self.needed * 2, self.limits.proof * Self.maxGrowth) }
        return self.stop()
    }

    private mutating func stop() -> Action {
        // What went well for long is trusted sooner the next time.
        if self.kept >= Self.longGoodTime * self.needed { self.needed = max(self.limits.proof, self.needed / 2) }
        self.state = .stopping
        self.evidence = InvocationPace()
        return .stopLookingAhead
    }
}
