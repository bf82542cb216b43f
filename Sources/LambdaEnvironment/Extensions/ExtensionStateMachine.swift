/// What one extension may do on the Extensions API, and what it gets (contract 7).
///
/// Pure.
///
/// An event that comes while the extension does not ask waits in a slot of its own, so that a slow extension keeps
/// neither the runtime nor the other extensions waiting. `Waiter` is a pending `next`: an HTTP exchange, or a string in
/// tests.
package struct ExtensionStateMachine<Waiter> {
    /// The answer to a `next`.
    package enum NextAction {
        case wait
        case deliver(ExtensionEvent)
        /// Not allowed in this state.
        case refuse(ExtensionState)
    }

    package private(set) var state: ExtensionState = .started
    private var waiter: Waiter?
    private var undelivered: ExtensionEvent?

    package init() {}

    /// It waits for an event, and there is none that it has still to fetch.
    package var isReady: Bool { self.state == .ready && self.undelivered == nil }

    /// It registers.
    ///
    /// - Returns: Whether it may.
    package mutating func register() -> Bool {
        guard self.state == .started else { return false }
        self.state = .registered
        return true
    }

    /// It asks for an event.
    ///
    /// - Parameter waiter: Kept when the action says to wait.
    /// - Returns: How to answer.
    package mutating func nextRequested(by waiter: Waiter) -> NextAction {
        switch self.state {
        case .registered, .running: break
        // A client that lost its connection asks again.
        case .ready where self.waiter == nil: break
        default: return .refuse(self.state)
        }
        if let event = self.undelivered {
            self.undelivered = nil
            self.state = .running
            return .deliver(event)
        }
        self.state = .ready
        self.waiter = waiter
        return .wait
    }

    /// There is an event for it.
    ///
    /// It replaces one that it has not fetched: the only second event there can be is the last one, SHUTDOWN.
    ///
    /// - Returns: Whom to answer with it; `nil` when it is kept until the extension asks, or nobody is left to ask.
    package mutating func send(_ event: ExtensionEvent) -> Waiter? {
        switch self.state {
        case .registered, .ready, .running: break
        default: return nil
        }
        guard let waiter = self.waiter else {
            self.undelivered = event
            return nil
        }
        self.waiter = nil
        self.state = .running
        return waiter
    }

    /// The connection of a pending `next` is gone.
    package mutating func waiterGone(where isGone: (Waiter) -> Bool) {
        if let waiter = self.waiter, isGone(waiter) { self.waiter = nil }
    }

    /// It reports that it cannot start.
    ///
    /// - Returns: Whether it may; the same again is accepted and changes nothing.
    package mutating func initErrorReported() -> Bool {
        guard self.state == .registered || self.state == .initError else { return false }
        self.state = .initError
        return true
    }

    /// It reports that it is about to end.
    ///
    /// - Returns: Whether it may; the same again is accepted and changes nothing.
    package mutating func exitErrorReported() -> Bool {
        switch self.state {
        case .registered, .ready, .running, .exitError:
            self.state = .exitError
            return true
        default:
            return false
        }
    }

    /// Its process could not be started.
    package mutating func launchFailed() {
        self.state = .launchError
    }

    /// Its process has ended.
    package mutating func processEnded() {
        if self.state != .shutdownFailed { self.state = .exited }
    }

    /// Its time to shut down is over, and it is still there.
    package mutating func shutdownOverran() {
        if self.state != .exited && self.state != .launchError { self.state = .shutdownFailed }
    }

    /// Nothing more is to be heard of it.
    ///
    /// - Returns: The pending `next`, which is to be refused.
    package mutating func dismiss() -> Waiter? {
        defer { self.waiter = nil }
        return self.waiter
    }
}

extension ExtensionStateMachine.NextAction: Equatable {}
