/// The publishers that wait for room, in the order in which they came. Loop-bound.
struct PublisherQueue {
    /// Names one waiting publisher, for its cancellation.
    final class Ticket: @unchecked Sendable {
        // @unchecked: used on the channel's loop only.
        /// The cancellation may come first.
        fileprivate var isCancelled = false
    }

    private var waiting: [(Ticket, CheckedContinuation<Bool, Never>)] = []

    mutating func wait(_ ticket: Ticket, _ continuation: CheckedContinuation<Bool, Never>) {
        guard !ticket.isCancelled else { return continuation.resume(returning: false) }
        self.waiting.append((ticket, continuation))
    }

    /// A publisher is not interested any more: it is resumed with `false`.
    mutating func cancel(_ ticket: Ticket) {
        ticket.isCancelled = true
        guard let index = self.waiting.firstIndex(where: { $0.0 === ticket }) else { return }
        self.waiting.remove(at: index).1.resume(returning: false)
    }

    mutating func resumeAll() {
        let waiting = self.waiting
        self.waiting = []
        for (_, continuation) in waiting { continuation.resume(returning: true) }
    }
}
