import DequeModule
package import NIOCore

/// Replies of calls that ended while their channel was gone: they are sent when their message comes again.
///
/// Pure. Bounded in number, bytes and time, since the message may have gone to another daemon, and nobody tells.
package struct KeptReplies<Reply> {
    /// How much is kept.
    package struct Limits: Sendable {
        package var count: Int
        package var byteCount: Int
        /// How long the broker may take to notice that the old connection is dead.
        package var time: TimeAmount

        package init(count: Int, byteCount: Int = 64 * 1024 * 1024, time: TimeAmount = .minutes(5)) {
            self.count = count
            self.byteCount = byteCount
            self.time = time
        }
    }

    private struct Entry {
        let identity: CallIdentity
        let reply: Reply
        let byteCount: Int
        let dropAt: NIODeadline
    }

    private let limits: Limits
    /// The oldest first.
    private var entries: Deque<Entry> = []
    private var byteCount = 0

    package init(limits: Limits) {
        self.limits = limits
    }

    package var isEmpty: Bool { self.entries.isEmpty }
    package var count: Int { self.entries.count }

    /// Keeps a reply, and drops the oldest where they are too many.
    ///
    /// - Returns: When to call ``expire(now:)``, where this is the first; `nil` too where it is too large to be kept.
    package mutating func insert(
        _ reply: Reply, byteCount: Int, for identity: CallIdentity, now: NIODeadline
    ) -> NIODeadline? {
        guard byteCount <= self.limits.byteCount, self.limits.count > 0 else { return nil }
        while self.entries.count >= self.limits.count || self.byteCount + byteCount > self.limits.byteCount {
            self.removeFirst()
        }
        let isFirst = self.entries.isEmpty
        let entry = Entry(
            identity: identity, reply: reply, byteCount: byteCount, dropAt: now + self.limits.time)
        self.entries.append(entry)
        self.byteCount += byteCount
        return isFirst ? entry.dropAt : nil
    }

    /// A message has come again: its reply, where it is kept.
    package mutating func take(_ identity: CallIdentity, now: NIODeadline) -> Reply? {
        guard let index = self.entries.firstIndex(where: { $0.identity == identity && $0.dropAt > now }) else {
            return nil
        }
        let entry = self.entries.remove(at: index)
        self.byteCount -= entry.byteCount
        return entry.reply
    }

    /// Drops what was kept for too long.
    ///
    /// - Returns: When to call it again.
    package mutating func expire(now: NIODeadline) -> NIODeadline? {
        while let first = self.entries.first, first.dropAt <= now { self.removeFirst() }
        return self.entries.first?.dropAt
    }

    /// Forgets everything.
    package mutating func removeAll() {
        self.entries.removeAll()
        self.byteCount = 0
    }

    private mutating func removeFirst() {
        guard let entry = self.entries.popFirst() else { return }
        self.byteCount -= entry.byteCount
    }
}
