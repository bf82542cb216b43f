package import NIOCore

/// Notices that a broker has forgotten a consumer: messages wait, nothing is being run, and none is delivered.
///
/// Pure. A broker says so with a cancel, but not always: RabbitMQ 3.10 does not where a quorum queue is deleted and
/// declared anew at once (tried with 3.10.8; 4.0 does), and such a consumer would wait for ever. Only who has nothing to
/// do looks at the queue, and one look decides nothing: between two of them a consumer that the broker knows is given
/// what waits. Who has been forgotten beside others that have not sees nothing strange, since those take what comes. So
/// a quorum queue is consumed anew now and then while nothing comes.
package struct QueueWatch: Sendable {
    /// What was seen at a look.
    package struct Sight: Equatable, Sendable {
        package var readyCount: Int
        package var consumerCount: Int

        package init(readyCount: Int, consumerCount: Int) {
            self.readyCount = readyCount
            self.consumerCount = consumerCount
        }

        /// The queue is gone; a consumer that is known hears of that.
        package static let nothing = Sight(readyCount: 0, consumerCount: 0)

        fileprivate var isStrange: Bool { self.readyCount > 0 || self.consumerCount == 0 }
    }

    /// What a look says.
    package enum Finding: Equatable, Sendable {
        case nothing
        /// The broker has forgotten the consumer: consume anew.
        case forgotten
        /// It may have, as far as anybody can tell: consume anew, where that does no harm.
        case perhapsForgotten
    }

    private let period: TimeAmount
    private let longestPeriod: TimeAmount
    /// Looks without anything strange after which a quorum queue is consumed anew.
    private let patience: Int
    private var wasDelivered = false
    private var isSuspicious = false
    /// Times in a row that to consume anew has brought nothing.
    private var failures = 0
    /// Looks since the last message that saw nothing strange.
    private var quietLooks = 0

    package init(period: TimeAmount = .seconds(10), longestPeriod: TimeAmount = .minutes(5), patience: Int = 6) {
        self.period = period
        self.longestPeriod = longestPeriod
        self.patience = patience
    }

    /// How long to wait before ``isDue(isIdle:)`` is asked.
    package var pause: TimeAmount {
        guard !self.isSuspicious else { return .nanoseconds(self.period.nanoseconds / 10) }
        let factor = Int64(1) << min(self.failures, 16)
        return .nanoseconds(min(self.period.nanoseconds * factor, self.longestPeriod.nanoseconds))
    }

    /// A message came.
    package mutating func delivered() {
        self.wasDelivered = true
    }

    /// The pause is over.
    ///
    /// - Parameter isIdle: Whether nothing is being run that came from the queue.
    /// - Returns: Whether to look at the queue.
    package mutating func isDue(isIdle: Bool) -> Bool {
        if self.wasDelivered {
            self.failures = 0
            self.quietLooks = 0
        }
        if self.wasDelivered || !isIdle { self.isSuspicious = false }
        defer { self.wasDelivered = false }
        return !self.wasDelivered && isIdle
    }

    /// The queue was looked at.
    ///
    /// - Parameters:
    ///   - sight: What was seen.
    ///   - isClassic: The broker tells of the end of such a queue, always.
    package mutating func looked(_ sight: Sight, isClassic: Bool) -> Finding {
        guard sight.isStrange, !self.wasDelivered else {
            self.isSuspicious = false
            return isClassic || self.wasDelivered ? .nothing : self.lookedInVain()
        }
        guard self.isSuspicious else {
            self.isSuspicious = true
            return .nothing
        }
        self.isSuspicious = false
        self.failures += 1
        return .forgotten
    }

    private mutating func lookedInVain() -> Finding {
        self.quietLooks += 1
        guard self.quietLooks >= self.patience else { return .nothing }
        self.quietLooks = 0
        return .perhapsForgotten
    }
}
