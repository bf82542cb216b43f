package import NIOCore

/// The invocations that one runtime process has at a time, where it takes several.
///
/// Pure.
package struct ConcurrentInvocations<Invocation> {
    /// One that the runtime has.
    package struct Entry {
        package let invocation: Invocation
        package let since: NIODeadline
        package let deadline: NIODeadline

        package init(invocation: Invocation, since: NIODeadline, deadline: NIODeadline) {
            self.invocation = invocation
            self.since = since
            self.deadline = deadline
        }
    }

    private var entries: [String: Entry] = [:]

    package init() {}

    package var isEmpty: Bool { self.entries.isEmpty }

    /// The runtime is given an invocation.
    package mutating func began(id: String, _ invocation: Invocation, since: NIODeadline, deadline: NIODeadline) {
        self.entries[id] = Entry(invocation: invocation, since: since, deadline: deadline)
    }

    /// An invocation has its answer.
    ///
    /// - Returns: `nil` for one that is not, or no longer, under way.
    package mutating func ended(id: String) -> Entry? {
        self.entries.removeValue(forKey: id)
    }

    /// The time that was named before has come.
    ///
    /// - Returns: What has timed out, and when to look again.
    package mutating func deadlinePassed(now: NIODeadline) -> (timedOut: [(id: String, Entry)], checkAt: NIODeadline?) {
        let timedOut = self.entries.filter { $0.value.deadline <= now }
        for id in timedOut.keys { self.entries[id] = nil }
        return (timedOut.map { ($0.key, $0.value) }, self.entries.values.map(\.deadline).min())
    }

    /// The process is gone: none of them will be answered.
    package mutating func removeAll() -> [Entry] {
        defer { self.entries.removeAll() }
        return Array(self.entries.values)
    }
}
