/// Whether a call that was delivered again may run: daemons may have died of it (design 4).
///
/// Pure.
///
/// `redelivered` says only that somebody had the message and did not acknowledge it: a daemon that died of it, one that
/// was killed for another reason, one whose connection was cut, or one that handed it back unstarted. It never says how
/// often. So a call is counted by a header, and each redelivery raises it by one before it runs: a first one that was
/// only a hand-back leaves as many runs as a poisonous call needs to prove itself. For a hand-back never to be more than
/// one of them, who hands back looks at ``mayBeHandedBack(attempt:isRedelivered:)``.
package struct AttemptPolicy: Sendable {
    /// What to do with a call that was delivered.
    package enum Arrival: Equatable {
        case run
        /// Publish it again with this many attempts, before it runs.
        case count(attempt: Int)
        /// So many attempts were lost, and no further one is made.
        case giveUp(attempts: Int)
    }

    /// Attempts that may be lost, before the caller is told.
    package var maxLostAttempts: Int

    package init(maxLostAttempts: Int = 3) {
        self.maxLostAttempts = maxLostAttempts
    }

    /// A call was delivered.
    ///
    /// - Parameters:
    ///   - attempt: Attempts that were lost, as the message says.
    ///   - isRedelivered: Somebody had it before, and did not acknowledge it.
    ///   - isBounded: It expires: then time ends what daemons die of, and it keeps its place in the queue.
    package func arrived(attempt: Int, isRedelivered: Bool, isBounded: Bool) -> Arrival {
        guard isRedelivered, !isBounded else { return .run }
        guard attempt < self.maxLostAttempts else { return .giveUp(attempts: attempt + 1) }
        return .count(attempt: attempt + 1)
    }

    /// Whether a call that has not started may be given back to the broker: once in its life, and never after it was
    /// counted, since each further time would look like one more daemon that died of it.
    package func mayBeHandedBack(attempt: Int, isRedelivered: Bool) -> Bool {
        attempt == 0 && !isRedelivered
    }
}
