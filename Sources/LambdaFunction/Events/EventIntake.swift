/// How many consumers read a function's events: one more than events run, so that one event at most waits unstarted.
///
/// Pure.
///
/// RabbitMQ does not change the prefetch of a consumer that runs; so each consumer (a lane here) has a prefetch of one,
/// and lanes come and go. With a backlog they do not: the lane of an event that is done gets the next one, which waits
/// while the one that has waited runs.
package struct EventIntake {
    /// What to do about an event that is done.
    package enum Settlement: Equatable {
        /// Acknowledge it: the lane gets another.
        case acknowledge
        /// End the lane, then acknowledge: in this order, so that nothing more comes.
        case endLane
    }

    private enum Lane {
        /// It has no event. Can transition to: `waiting`.
        case open
        /// Its event waits for an environment. Can transition to: `running`, `open`.
        case waiting
        /// Its event runs, or what follows from that is being sent. Can transition to: `open`.
        case running

        var isRunning: Bool { if case .running = self { true } else { false } }
        var isOpen: Bool { if case .open = self { true } else { false } }
    }

    private var lanes: [Int: Lane] = [:]
    private var nextLane = 0

    package init() {}

    /// How many lanes there are.
    package var count: Int { self.lanes.count }

    /// There is a channel to consume on.
    ///
    /// - Returns: The lane to open; `nil` where one is open already.
    package mutating func ready() -> Int? {
        self.unstartedCount == 0 ? self.open() : nil
    }

    /// A lane got an event.
    package mutating func delivered(_ lane: Int) {
        guard self.lanes[lane] != nil else { return }
        self.lanes[lane] = .waiting
    }

    /// A lane's event runs.
    ///
    /// - Returns: A lane to open, for the next to wait.
    package mutating func began(_ lane: Int) -> Int? {
        guard self.lanes[lane] != nil else { return nil }
        self.lanes[lane] = .running
        return self.ready()
    }

    /// A lane's event is done.
    ///
    /// - Parameters:
    ///   - lane: Which.
    ///   - freesEnvironment: An event that waits will be run now, since no caller waits.
    package mutating func settled(_ lane: Int, freesEnvironment: Bool) -> Settlement {
        // A lane that the broker has ended has nothing more to get.
        guard let state = self.lanes[lane] else { return .acknowledge }
        self.lanes[lane] = nil
        let others = self.unstartedCount
        let isTakenSoon = state.isRunning && freesEnvironment && self.openCount == 0
        guard others == 0 || (others == 1 && isTakenSoon) else { return .endLane }
        self.lanes[lane] = .open
        return .acknowledge
    }

    /// The broker has ended a lane.
    package mutating func ended(_ lane: Int) {
        self.lanes[lane] = nil
    }

    /// The channel is gone.
    package mutating func lost() {
        self.lanes.removeAll()
    }

    /// No further event is wanted.
    ///
    /// - Returns: The lanes to end.
    package mutating func removeAll() -> [Int] {
        defer { self.lanes.removeAll() }
        return self.lanes.keys.sorted()
    }

    private var openCount: Int { self.lanes.values.count { $0.isOpen } }

    private var unstartedCount: Int { self.lanes.values.count { !$0.isRunning } }

    private mutating func open() -> Int {
        self.nextLane += 1
        self.lanes[self.nextLane] = .open
        return self.nextLane
    }
}
