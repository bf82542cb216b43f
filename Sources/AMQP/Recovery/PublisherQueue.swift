/// The publishers that wait for room, in the order in which they came.
///
/// Loop-bound.
struct PublisherQueue {
    /// Names one waiting publisher, for its cancellation.
    final class Ticket: @unchecked Sendable {
        // @unchecked: used on the channel's loop only.
        /// The cancellation may come first.
        fileprivate(set) var isCancelled = false
    }

    /// What a publisher does when there may be room (`true`), or when it was cancelled (`false`).
    typealias Resumption = (Bool) -> Void

    private var waiting: [(Ticket, Resumption)] = []

    mutating func wait(_ ticket: Ticket, _ resume: @escaping Resumption) {
        guard !ticket.isCancelled else { return resume(false) }
        self.waiting.append((ticket, resume))
    }

    /// A publisher is not interested any more.
    ///
    /// Returns what to call with `false`: outside, since it may come back here.
    mutating func cancel(_ ticket: Ticket) -> Resumption? {
        ticket.isCancelled = true
        guard let index = self.waiting.firstIndex(where: { $0.0 === ticket }) else { return nil }
        return self.waiting.remove(at: index).1
    }

    /// Takes out all of them, to be called with `true`: outside, since they may come back here.
    mutating func takeAll() -> [Resumption] {
        let waiting = self.waiting
        self.waiting = []
        return waiting.map(\.1)
    }
}
