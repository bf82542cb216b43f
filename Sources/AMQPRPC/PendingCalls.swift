package import NIOCore

/// The RPC calls that wait for a reply.
///
/// Pure: no clock, no lock, no AMQP. What waits is the driver's affair. Every call leaves by exactly one of reply,
/// return, expiry, cancellation and loss of the connection; whatever comes for it later finds nobody.
package struct PendingCalls<Waiter> {
    private enum Call {
        /// The ID is taken; the caller has not suspended yet. Can transition to: `waiting`, `cancelled`.
        case reserved
        /// The request may be on its way. Leaves by reply, return, expiry, cancellation or loss of the connection.
        case waiting(Waiter)
        /// Cancelled before the caller suspended; its `wait` is refused.
        case cancelled
    }

    /// What follows when a caller begins to wait.
    package enum WaitAction {
        case publish
        /// The call was cancelled first, or was never reserved.
        case refuse(Waiter)
    }

    /// What follows when something ends a call.
    package enum EndAction {
        case resume(Waiter)
        /// Nobody waits (any more).
        case drop
    }

    private var calls: [CallID: Call] = [:]
    private var deadlines = DeadlineQueue<CallID>()
    private var waitingCount = 0
    private var epoch: UInt16
    private var callCount: UInt64 = 0

    /// No calls yet.
    ///
    /// - Parameter epoch: Where to start counting connections; a random number keeps clients apart in logs.
    package init(epoch: UInt16) {
        self.epoch = epoch
    }

    /// How many calls are under way, those that have only an ID included.
    package var count: Int { self.calls.count }

    /// How many deadlines are held, with those of calls that have ended and were not swept out yet.
    package var deadlineCount: Int { self.deadlines.count }

    /// Whether a call's caller still waits.
    package func isWaiting(_ id: CallID) -> Bool {
        if case .waiting = self.calls[id] { true } else { false }
    }

    /// Takes an ID, under which the call can be cancelled from now on.
    package mutating func reserve() -> CallID {
        self.callCount += 1
        let id = CallID(epoch: self.epoch, count: self.callCount)
        self.calls[id] = .reserved
        return id
    }

    /// A call whose caller waits already, and can be cancelled only from now on.
    package mutating func begin(_ waiter: Waiter, until deadline: NIODeadline) -> CallID {
        self.callCount += 1
        let id = CallID(epoch: self.epoch, count: self.callCount)
        self.waits(waiter, for: id, until: deadline)
        return id
    }

    /// The caller waits, from before its request is sent: so no reply can come too early.
    package mutating func wait(_ waiter: Waiter, for id: CallID, until deadline: NIODeadline) -> WaitAction {
        guard case .reserved = self.calls[id] else {
            if case .cancelled = self.calls[id] { self.calls[id] = nil }
            return .refuse(waiter)
        }
        self.waits(waiter, for: id, until: deadline)
        return .publish
    }

    private mutating func waits(_ waiter: Waiter, for id: CallID, until deadline: NIODeadline) {
        self.calls[id] = .waiting(waiter)
        self.waitingCount += 1
        self.deadlines.insert(id, at: deadline)
    }

    /// A reply came.
    package mutating func replyReceived(for id: CallID) -> EndAction {
        self.end(id)
    }

    /// The request came back: no queue took it.
    ///
    /// Or it could not be sent, or the broker refused it.
    package mutating func returned(_ id: CallID) -> EndAction {
        self.end(id)
    }

    /// The caller was cancelled, at any time since ``reserve()``.
    package mutating func cancelled(_ id: CallID) -> EndAction {
        if case .reserved = self.calls[id] { self.calls[id] = .cancelled }
        return self.end(id)
    }

    /// Time has passed: the callers whose deadline has come, the earliest first.
    package mutating func expire(now: NIODeadline) -> [Waiter] {
        var expired: [Waiter] = []
        while let id = self.deadlines.popFirst(dueAt: now) {
            if case .resume(let waiter) = self.end(id) { expired.append(waiter) }
        }
        return expired
    }

    /// When ``expire(now:)`` is worth calling next; nil while nobody waits.
    package mutating func nextDeadline() -> NIODeadline? {
        let calls = self.calls
        return self.deadlines.first { calls[$0] != nil }
    }

    /// The connection is gone: replies to what was sent on it will not come.
    ///
    /// In no order.
    package mutating func connectionLost() -> [Waiter] {
        var lost: [Waiter] = []
        lost.reserveCapacity(self.waitingCount)
        self.calls = self.calls.filter { _, call in
            guard case .waiting(let waiter) = call else { return true }
            lost.append(waiter)
            return false
        }
        self.waitingCount = 0
        self.deadlines = DeadlineQueue()
        self.epoch &+= 1
        return lost
    }

    private mutating func end(_ id: CallID) -> EndAction {
        guard let index = self.calls.index(forKey: id), case .waiting(let waiter) = self.calls[index].value else {
            return .drop
        }
        self.calls.remove(at: index)
        self.waitingCount -= 1
        if self.deadlines.wantsSweep(wantedCount: self.waitingCount) {
            let calls = self.calls
            self.deadlines.sweep(wantedCount: self.waitingCount) { calls[$0] != nil }
        }
        return .resume(waiter)
    }
}

extension PendingCalls.WaitAction: Equatable where Waiter: Equatable {}
extension PendingCalls.EndAction: Equatable where Waiter: Equatable {}
