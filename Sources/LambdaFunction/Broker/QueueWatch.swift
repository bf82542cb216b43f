package import NIOCore

/// Notices that a broker has forgotten a consumer: messages wait, nothing is being run, and none is delivered.
///
/// Pure. A broker says so with a cancel, but not always: RabbitMQ 3.10 does not where a quorum queue is deleted and
/// declared anew at once (tried with 3.10.8; 4.0 does), and such a consumer would wait for ever. Only who has nothing to
/// do looks at the queue, and one look decides nothing: between two of them a consumer that the broker knows is given
/// what waits.
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

    private let period: TimeAmount
    private let longestPeriod: TimeAmount
    private var wasDelivered = false
    private var isSuspicious = false
    /// Times in a row that to consume anew has brought nothing.
    private var failures = 0

    package init(period: TimeAmount = .seconds(10), longestPeriod: TimeAmount = .minutes(5)) {
        self.period = period
        self.longestPeriod = longestPeriod
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
        if self.wasDelivered { self.failures = 0 }
        if self.wasDelivered || !isIdle { self.isSuspicious = false }
        defer { self.wasDelivered = false }
        return !self.wasDelivered && isIdle
    }

    /// The queue was looked at.
    ///
    /// - Returns: Whether to consume anew.
    package mutating func looked(_ sight: Sight) -> Bool {
        guard sight.isStrange, !self.wasDelivered else {
            self.isSuspicious = false
            return false
        }
        guard self.isSuspicious else {
            self.isSuspicious = true
            return false
        }
        self.isSuspicious = false
        self.failures += 1
        return true
    }
}
