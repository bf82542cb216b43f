import DequeModule
package import AMQP

/// Reply queues that are known to be gone: nobody waits for calls that name them.
///
/// Pure. It keeps the latest ones only, and only names that the broker has made: those of others may come back.
package struct GoneCallers {
    private let limit: Int
    private var names: Set<AMQPShortString> = []
    /// The oldest first.
    private var order: Deque<AMQPShortString> = []

    package init(limit: Int = 1000) {
        self.limit = limit
    }

    /// Nearly always, so that nothing has to be looked up.
    package var isEmpty: Bool { self.names.isEmpty }

    /// A reply came back: there is no such queue.
    package mutating func replyReturned(from name: AMQPShortString) {
        guard ReplyAddress.neverComesBack(name), self.names.insert(name).inserted else { return }
        self.order.append(name)
        if self.order.count > self.limit, let oldest = self.order.popFirst() { self.names.remove(oldest) }
    }

    package func contains(_ name: AMQPShortString) -> Bool { self.names.contains(name) }
}
