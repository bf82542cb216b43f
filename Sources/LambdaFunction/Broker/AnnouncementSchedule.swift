package import NIOCore

/// When a daemon announces itself: every so often, and soon when its slots are all taken, or no longer.
///
/// Pure. It is asked about once a second, which bounds how often a change is told.
package struct AnnouncementSchedule {
    private let interval: TimeAmount
    private var last: (isFull: Bool, at: NIODeadline)?

    /// - Parameter interval: How often nothing new is announced.
    package init(interval: TimeAmount = .seconds(10)) {
        self.interval = interval
    }

    /// Whether to announce now; what was to be announced is taken for announced then.
    ///
    /// - Parameters:
    ///   - isFull: No further invocation could start now.
    ///   - now: The present.
    package mutating func isDue(isFull: Bool, now: NIODeadline) -> Bool {
        if let last = self.last, last.isFull == isFull, now < last.at + self.interval { return false }
        self.last = (isFull, now)
        return true
    }

    /// The broker knows nothing of what was announced before.
    package mutating func forget() {
        self.last = nil
    }
}
