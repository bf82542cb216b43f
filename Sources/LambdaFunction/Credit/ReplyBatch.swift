import NIOCore

/// Which replies leave together while short invocations follow one another (design 5).
///
/// Pure: times come in.
///
/// A write for each reply wakes the broker, its consumers and in the end this daemon again for one message each. Where
/// the next reply is a fraction of a millisecond away, some wait for it, and all pay for one write: with one runtime that
/// saves broker and daemon a tenth of what an invocation costs (Benchmarks). That the next reply is near is
/// taken from the one before it, and may be wrong: so the caller sends what waits within a few milliseconds anyway.
struct ReplyBatch {
    /// From one reply to the next, at most, where waiting for another one costs less than it gives.
    static let shortInterval = TimeAmount.microseconds(500)

    private let limit: Int
    /// Replies that wait.
    private(set) var count = 0
    private var lastReply: NIODeadline?

    /// - Parameter slots: Invocations that may run at a time. Two more leave together, at most; with more the broker would
    ///   have nothing to do, and then the daemon.
    init(slots: Int) {
        self.limit = slots + 2
    }

    /// A reply is ready.
    ///
    /// - Parameters:
    ///   - now: The time.
    ///   - anotherFollows: Whether an invocation waits for its turn, which will have a reply, too.
    /// - Returns: Whether it waits for the next one; otherwise it leaves, with those that wait.
    mutating func add(at now: NIODeadline, anotherFollows: Bool) -> Bool {
        let isQuick = self.lastReply.map { now - $0 <= Self.shortInterval } ?? false
        self.lastReply = now
        self.count += 1
        if isQuick, anotherFollows, self.count < self.limit { return true }
        self.sent()
        return false
    }

    /// What waited has left.
    mutating func sent() {
        self.count = 0
    }
}
