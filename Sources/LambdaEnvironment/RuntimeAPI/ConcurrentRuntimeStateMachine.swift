internal import DequeModule

/// The same as ``RuntimeStateMachine`` for a runtime that keeps several `next`s open (contract 5, `AWS_LAMBDA_MAX_CONCURRENCY`):
/// each invocation has a state of its own.
///
/// Pure.
package struct ConcurrentRuntimeStateMachine<Waiter> {
    /// The answer to a `next`.
    package enum NextAction {
        /// Wait for an event: one more can be taken.
        case becameReady
        /// Wait for an event; nothing has changed.
        case wait
        /// Answer with the event of this invocation.
        case deliver(id: String)
        case reject(RuntimeAPIRejection)
    }

    private enum Phase {
        /// Handed over, but the `next` that waited was lost. Can transition to: `running`.
        case undelivered
        /// Can transition to: `posting`, or it is expired.
        case running
        /// The body of its response or error is being received.
        case posting
    }

    private let limit: Int
    private var state: RuntimeState = .started
    private var waiters: Deque<Waiter> = []
    /// `next`s that were told of as ready, and have not been given an event.
    private var readyCount = 0
    private var active: [String: Phase] = [:]
    /// Invocations that have timed out; whatever worked on them is not free before it has posted.
    private var expired: Set<String> = []

    /// - Parameter limit: How many invocations the runtime may have at a time.
    package init(limit: Int) {
        self.limit = limit
    }

    /// Nothing is left of the runtime that could take an event: all of it is at work on what nobody waits for.
    package var isExhausted: Bool { self.expired.count >= self.limit }

    /// The runtime asks for an event.
    ///
    /// - Parameter waiter: Kept when the action says to wait.
    package mutating func nextRequested(by waiter: Waiter) -> NextAction {
        switch self.state {
        case .started, .ready: break
        default: return .reject(.transition(from: self.state, to: .ready))
        }
        self.state = .ready
        if let id = self.active.first(where: { $0.value == .undelivered })?.key {
            self.active[id] = .running
            return .deliver(id: id)
        }
        self.waiters.append(waiter)
        // More than were told of: one whose connection was lost asks again, or there are more than are used.
        guard self.waiters.count > self.readyCount,
            self.readyCount + self.active.count + self.expired.count < self.limit
        else { return .wait }
        self.readyCount += 1
        return .becameReady
    }

    /// An invocation is handed to the runtime, which must be ready.
    package mutating func invoke(id: String) -> RuntimeStateMachine<Waiter>.DeliveryAction {
        guard self.state == .ready, self.readyCount > 0 else { return .refuse }
        self.readyCount -= 1
        guard let waiter = self.waiters.popFirst() else {
            self.active[id] = .undelivered
            return .deliverToNextRequest
        }
        self.active[id] = .running
        return .deliver(waiter)
    }

    /// The connection of a pending `next` is gone.
    package mutating func waiterGone(where isGone: (Waiter) -> Bool) {
        self.waiters.removeAll(where: isGone)
    }

    /// The head of a post to `/response` or `/error` has arrived.
    package mutating func postStarted(
        id: String, to target: RuntimeState
    ) -> RuntimeStateMachine<Waiter>.PostAction {
        if self.expired.remove(id) != nil { return .reject(.expired) }
        switch self.active[id] {
        case .running?:
            self.active[id] = .posting
            return .accept
        case .posting?: return .reject(.transition(from: target, to: target))
        case .undelivered?, nil: return .reject(.invalidRequestID)
        }
    }

    /// The post that was accepted has ended: received, refused for its size or mode, or cut off.
    package mutating func postFinished(id: String) {
        self.active[id] = nil
        // It timed out while its body came.
        self.expired.remove(id)
    }

    /// An invocation has timed out.
    package mutating func expire(id: String) {
        guard let phase = self.active.removeValue(forKey: id) else { return }
        // What never reached the runtime keeps nothing of it busy.
        if phase == .undelivered { self.readyCount += 1 } else { self.expired.insert(id) }
    }

    /// The head of a post to `/init/error` has arrived.
    package mutating func initErrorStarted() -> RuntimeStateMachine<Waiter>.PostAction {
        guard self.state == .started else { return .reject(.transition(from: self.state, to: .initError)) }
        self.state = .initError
        return .accept
    }

    /// The process has ended or is being killed.
    ///
    /// - Returns: The pending `next`s, whose connections are to be closed.
    package mutating func exited() -> [Waiter] {
        self.state = .exited
        self.active.removeAll()
        self.expired.removeAll()
        self.readyCount = 0
        defer { self.waiters.removeAll() }
        return Array(self.waiters)
    }
}

extension ConcurrentRuntimeStateMachine.NextAction: Equatable {}
