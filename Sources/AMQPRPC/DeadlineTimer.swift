import NIOCore

/// One timer for many deadlines: it fires at the earliest that it was armed for.
///
/// Loop-bound. The usual new deadline is later than those before, and leaves the timer alone.
struct DeadlineTimer {
    private var scheduled: (task: Scheduled<Void>, deadline: NIODeadline)?

    /// Has `fire` called at the deadline, unless it is called earlier anyway.
    ///
    /// - Parameters:
    ///   - deadline: When to fire at the latest.
    ///   - eventLoop: The loop that this is called on.
    ///   - fire: Called on the loop; it arms the timer again for the deadlines that are left.
    mutating func arm(at deadline: NIODeadline, on eventLoop: any EventLoop, _ fire: @escaping () -> Void) {
        if let scheduled, scheduled.deadline <= deadline { return }
        self.scheduled?.task.cancel()
        let task = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { fire() }
        self.scheduled = (task, deadline)
    }

    /// It has fired.
    mutating func fired() {
        self.scheduled = nil
    }

    /// It does not fire any more.
    mutating func stop() {
        self.scheduled?.task.cancel()
        self.scheduled = nil
    }
}
