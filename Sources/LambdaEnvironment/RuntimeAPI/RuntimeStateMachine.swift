internal import DequeModule
internal import Glibc

/// What one runtime process may do on the Runtime API, and what it gets (contract 5).
///
/// Pure.
///
/// One machine for each process: a new process starts with a new machine. `Waiter` is a pending `next` (an HTTP
/// exchange; a string in tests).
package struct RuntimeStateMachine<Waiter> {
    /// The answer to a `next`.
    package enum NextAction {
        /// Wait for an event. The runtime has become ready, for the first time or after an invocation.
        case becameReady
        /// Wait for an event; nothing has changed.
        case wait
        /// Answer with the event of the current invocation.
        case deliver
        case reject(RuntimeAPIRejection)
    }

    /// What to do with an event for the runtime.
    package enum DeliveryAction {
        /// Answer this pending `next` with it.
        case deliver(Waiter)
        /// Keep it: the runtime's connection was lost, the next `next` asks for it.
        case deliverToNextRequest
        /// The runtime cannot take an event now.
        case refuse
    }

    /// The answer to a post, at its head.
    package enum PostAction: Equatable {
        case accept
        case reject(RuntimeAPIRejection)
    }

    package private(set) var state: RuntimeState = .started
    /// The id that posts must carry: from the hand-over of an event until the runtime is ready again.
    package private(set) var currentID: String?
    /// More than one only where a runtime opens several connections; each waits for an event of its own.
    private var waiters: Deque<Waiter> = []

    package init() {}

    /// The runtime asks for an event.
    ///
    /// - Parameter waiter: Kept when the action says to wait.
    /// - Returns: How to answer.
    package mutating func nextRequested(by waiter: Waiter) -> NextAction {
        switch self.state {
        case .started, .responseSent:
            self.state = .ready
            self.currentID = nil
            self.waiters.append(waiter)
            return .becameReady
        case .ready where self.currentID != nil:
            self.state = .running
            return .deliver
        case .ready:
            self.waiters.append(waiter)
            return .wait
        case .running:
            return .deliver
        case .initError, .invocationResponse, .invocationErrorResponse, .exited:
            return .reject(.transition(from: self.state, to: .ready))
        }
    }

    /// An invocation is handed to the runtime, which must be ready.
    package mutating func invoke(id: String) -> DeliveryAction {
        guard self.state == .ready, self.currentID == nil else { return .refuse }
        self.currentID = id
        guard let waiter = self.waiters.popFirst() else { return .deliverToNextRequest }
        self.state = .running
        return .deliver(waiter)
    }

    /// The connection of a pending `next` is gone.
    package mutating func waiterGone(where isGone: (Waiter) -> Bool) {
        self.waiters.removeAll(where: isGone)
    }

    /// The head of a post to `/response` has arrived.
    package mutating func responseStarted(id: some StringProtocol) -> PostAction {
        self.postStarted(id: id, to: .invocationResponse)
    }

    /// The head of a post to `/error` has arrived.
    package mutating func errorStarted(id: some StringProtocol) -> PostAction {
        self.postStarted(id: id, to: .invocationErrorResponse)
    }

    private mutating func postStarted(id: some StringProtocol, to target: RuntimeState) -> PostAction {
        guard let currentID = self.currentID, currentID.hasSameBytes(as: id) else { return .reject(.invalidRequestID) }
        guard self.state == .running else { return .reject(.transition(from: self.state, to: target)) }
        self.state = target
        return .accept
    }

    /// The post that was accepted has ended: received, refused for its size or mode, or cut off.
    package mutating func postFinished() {
        switch self.state {
        case .invocationResponse, .invocationErrorResponse: self.state = .responseSent
        default: break
        }
    }

    /// The head of a post to `/init/error` has arrived.
    package mutating func initErrorStarted() -> PostAction {
        guard self.state == .started else { return .reject(.transition(from: self.state, to: .initError)) }
        self.state = .initError
        return .accept
    }

    /// The process has ended or is being killed.
    ///
    /// - Returns: The pending `next`s, whose connections are to be closed.
    package mutating func exited() -> [Waiter] {
        self.state = .exited
        self.currentID = nil
        defer { self.waiters.removeAll() }
        return Array(self.waiters)
    }
}

extension RuntimeStateMachine.NextAction: Equatable {}
extension RuntimeStateMachine.DeliveryAction: Equatable where Waiter: Equatable {}

extension String {
    /// Compares bytes: ids are ASCII, and comparing texts costs ten times as much.
    fileprivate func hasSameBytes(as other: some StringProtocol) -> Bool {
        guard self.utf8.count == other.utf8.count else { return false }
        let isEqual = self.utf8.withContiguousStorageIfAvailable { own in
            other.utf8.withContiguousStorageIfAvailable { other in
                guard let own = own.baseAddress, let otherBase = other.baseAddress else { return true }
                return memcmp(own, otherBase, other.count) == 0
            }
        }
        return isEqual.flatMap { $0 } ?? (self == other)
    }
}
