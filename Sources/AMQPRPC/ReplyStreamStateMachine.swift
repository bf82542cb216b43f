import DequeModule

/// The elements of one stream of replies, and the credit that its reader gives for them.
///
/// Pure: no clock, no lock, no AMQP. What waits is the driver's affair: an element with whoever waits for it to be sent.
/// No more elements leave than there was credit for, and none while the connection does not keep up.
package struct ReplyStreamStateMachine<Element> {
    /// More credit than this is a reader that does not read what it gets.
    private static var creditLimit: Int { 65_535 }

    private enum State {
        /// Can transition to: `ended`.
        case open
        /// Nothing is sent any more.
        case ended
    }

    private var state = State.open
    private var credit: Int
    private var waiting: Deque<(ticket: ObjectIdentifier, element: Element)> = []
    /// How many elements have been sent.
    package private(set) var sentCount = 0

    /// - Parameter credit: How many elements the reader takes before it says more.
    package init(credit: Int) {
        self.credit = min(max(0, credit), Self.creditLimit)
    }

    /// Whether elements may still be sent.
    package var isOpen: Bool { if case .open = self.state { true } else { false } }

    /// An element is to be sent; ask ``next(isWritable:)`` then.
    ///
    /// - Returns: False when the stream has ended.
    package mutating func enqueue(_ element: Element, _ ticket: ObjectIdentifier) -> Bool {
        guard case .open = self.state else { return false }
        self.waiting.append((ticket, element))
        return true
    }

    /// The element to send now, with its number; nil where none waits or may leave.
    package mutating func next(isWritable: Bool) -> (element: Element, sequence: Int)? {
        guard case .open = self.state, isWritable, self.credit > 0, let first = self.waiting.popFirst() else {
            return nil
        }
        self.credit -= 1
        self.sentCount += 1
        return (first.element, self.sentCount - 1)
    }

    /// The reader takes more.
    package mutating func credited(_ count: Int) {
        guard count > 0 else { return }
        // Both are at most the limit before they are added, so this cannot overflow.
        self.credit = min(self.credit + min(count, Self.creditLimit), Self.creditLimit)
    }

    /// Whoever waits for an element to be sent does not any more.
    package mutating func cancelled(_ ticket: ObjectIdentifier) -> Element? {
        guard let index = self.waiting.firstIndex(where: { $0.ticket == ticket }) else { return nil }
        return self.waiting.remove(at: index).element
    }

    /// The stream is over: its last message leaves, nobody reads it, or the connection is gone.
    ///
    /// - Returns: The elements that will not be sent.
    package mutating func end() -> [Element] {
        self.state = .ended
        defer { self.waiting = [] }
        return self.waiting.map(\.element)
    }
}
