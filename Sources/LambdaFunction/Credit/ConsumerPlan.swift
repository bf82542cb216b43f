package import AMQP

/// Which consumers a daemon has on its function's queue, so that what the broker may send is what can be run.
///
/// Pure.
///
/// A consumer's prefetch and priority are for life, so other terms mean another consumer. The broker counts for each what
/// it alone was sent: the messages that run when their consumer ends count for no other. A consumer with the credit of all
/// slots would then be sent messages that wait behind them. So the one that is to be exact begins with the credit of the
/// slots that are free, and a further one begins with that of each slot that becomes so.
package struct ConsumerPlan {
    package struct Terms: Equatable {
        /// How many messages it may hold.
        package var prefetch: Int
        package var priority: Int32
        /// No more than can be run at once.
        package var isExact: Bool

        package init(prefetch: Int, priority: Int32, isExact: Bool) {
            self.prefetch = prefetch
            self.priority = priority
            self.isExact = isExact
        }
    }

    package enum Action: Equatable {
        case none
        /// Begin a consumer, and tell of it.
        case begin(prefetch: Int, priority: Int32)
        /// End these consumers, and tell when the broker has agreed.
        case end([AMQPShortString])
    }

    private enum State {
        /// Nothing is under way.
        case settled
        /// The broker has not agreed to a consumer yet.
        case beginning(Terms, prefetch: Int, leaving: [AMQPShortString])
        /// The broker has not agreed to the end of consumers yet.
        case ending(next: Terms?)
    }

    private var state = State.settled
    /// What the consumers that there are were begun for; `nil` before the first.
    private var terms: Terms?
    /// The consumers that there are, or are being ended.
    package private(set) var tags: [AMQPShortString] = []
    /// What they may hold together.
    private var credit = 0
    /// Deliveries of consumers that have ended, which take slots.
    private var debts: Set<UInt64> = []
    /// Tells what was under way before the consumers were lost from what is under way now.
    package private(set) var generation = 0

    package init() {}

    /// Whether there are, were or will be consumers on this channel.
    package var hasBegun: Bool {
        if case .settled = self.state { self.terms != nil } else { true }
    }

    /// Whether there has been none on this channel yet.
    package var isFirst: Bool { self.terms == nil }

    /// Whether the queue is consumed like that, and nothing is under way.
    package func consumes(on terms: Terms) -> Bool {
        if case .settled = self.state { self.terms == terms } else { false }
    }

    /// Whether ``settled(_:)`` has anything to say.
    package var isInDebt: Bool { !self.debts.isEmpty }

    /// What to do for these terms now.
    ///
    /// - Parameters:
    ///   - wanted: How the queue is to be consumed.
    ///   - keepsOne: The queue may go when nobody consumes from it: there is always one, and its credit may be too much.
    package mutating func next(_ wanted: Terms, keepsOne: Bool) -> Action {
        guard case .settled = self.state else { return .none }
        guard let terms = self.terms, terms != wanted else {
            let missing = wanted.prefetch - self.debts.count - self.credit
            let isNeeded = missing > 0 || (keepsOne && self.tags.isEmpty)
            return isNeeded ? self.begin(wanted, prefetch: max(1, missing), leaving: []) : .none
        }
        if wanted.isExact, !keepsOne {
            self.state = .ending(next: wanted)
            return .end(self.tags)
        }
        // It begins before the others end, so that the queue is never without.
        self.debts = []
        return self.begin(wanted, prefetch: wanted.prefetch, leaving: self.tags)
    }

    private mutating func begin(_ terms: Terms, prefetch: Int, leaving: [AMQPShortString]) -> Action {
        self.state = .beginning(terms, prefetch: prefetch, leaving: leaving)
        return .begin(prefetch: prefetch, priority: terms.priority)
    }

    /// The broker has agreed to the consumer.
    package mutating func began(_ tag: AMQPShortString) -> Action {
        guard case .beginning(let terms, let prefetch, let leaving) = self.state else { return .none }
        self.tags.append(tag)
        self.terms = terms
        guard !leaving.isEmpty else {
            self.credit += prefetch
            self.state = .settled
            return .none
        }
        self.credit = prefetch
        self.state = .ending(next: nil)
        return .end(leaving)
    }

    /// The broker has agreed to the end of these consumers, and what had not started was given back.
    ///
    /// - Parameter running: The deliveries that are being run.
    package mutating func ended(_ tags: [AMQPShortString], running: [UInt64]) {
        guard case .ending(let next) = self.state else { return }
        self.tags.removeAll { tags.contains($0) }
        self.state = .settled
        guard let next else { return }
        self.terms = next
        self.credit = 0
        self.debts = Set(running)
    }

    /// A delivery is done with.
    ///
    /// - Returns: Whether there may be credit for another now.
    package mutating func settled(_ deliveryTag: UInt64) -> Bool {
        self.debts.remove(deliveryTag) != nil
    }

    /// The consumers are gone, all of them.
    package mutating func lost() {
        let generation = self.generation + 1
        self = ConsumerPlan()
        self.generation = generation
    }
}
