/// Whether a client may be called, and how many calls are under way.
///
/// Pure: no clock, no lock, no connection. A call that is made before there is a connection waits for it; each call that
/// proceeds is counted until ``callEnded()``, so that a graceful end can wait for all of them.
package struct ClientLifecycle<Session, Waiter> {
    fileprivate enum State {
        /// There was no connection yet. Can transition to: `ready`, `closed`.
        case waiting
        /// Can transition to: `draining`, `closed`.
        case ready(Session)
        /// Calls under way go on, no others begin. Can transition to: `closed`.
        case draining(Session)
        /// For this reason; for good.
        case closed(LambdaError)
    }

    /// What `run()` has to do.
    package enum RunAction {
        case connect
        /// There is a connection already.
        case serve
        case refuse(LambdaError)
    }

    /// What a call does.
    package enum CallAction {
        case proceed(Session)
        case wait(id: UInt64, Waiter)
        case refuse(LambdaError)
    }

    /// What becomes of a connection that was made.
    package enum ConnectAction {
        case resume([Waiter])
        /// The client was closed meanwhile.
        case discard
    }

    private var state: State
    private var isRunning = false
    private var waiters: [UInt64: Waiter] = [:]
    private var nextWaiter: UInt64 = 0
    private var drainWaiter: Waiter?
    /// Calls that proceeded and have not ended.
    package private(set) var callCount = 0

    /// - Parameter session: Where there is one already.
    package init(session: Session? = nil) {
        self.state = session.map { .ready($0) } ?? .waiting
    }

    /// `run()` was called.
    package mutating func runStarted() -> RunAction {
        guard !self.isRunning else {
            return .refuse(LambdaError(.invalidConfiguration, "a client can run only once"))
        }
        self.isRunning = true
        switch self.state {
        case .waiting: return .connect
        case .ready, .draining: return .serve
        case .closed(let error): return .refuse(error)
        }
    }

    /// There is a connection: those who waited for it proceed.
    package mutating func connected(_ session: Session) -> ConnectAction {
        guard case .waiting = self.state else { return .discard }
        self.state = .ready(session)
        let waiters = self.waiters.sorted { $0.key < $1.key }.map(\.value)
        self.waiters = [:]
        self.callCount += waiters.count
        return .resume(waiters)
    }

    /// Somebody calls.
    ///
    /// - Parameter makeWaiter: What waits, if it has to.
    package mutating func callStarted(_ makeWaiter: () -> Waiter) -> CallAction {
        switch self.state {
        case .ready(let session):
            self.callCount += 1
            return .proceed(session)
        case .waiting:
            let (id, waiter) = (self.nextWaiter, makeWaiter())
            self.nextWaiter += 1
            self.waiters[id] = waiter
            return .wait(id: id, waiter)
        case .draining: return .refuse(LambdaError(.closed, "the client is shutting down"))
        case .closed(let error): return .refuse(error)
        }
    }

    /// A call that waits for a connection does so no longer.
    ///
    /// - Returns: Its waiter, unless it proceeds already.
    package mutating func waiterGone(_ id: UInt64) -> Waiter? {
        self.waiters.removeValue(forKey: id)
    }

    /// A call that proceeded has ended.
    ///
    /// - Returns: Who waits for the last one, when it was that.
    package mutating func callEnded() -> Waiter? {
        self.callCount -= 1
        guard self.callCount == 0 else { return nil }
        defer { self.drainWaiter = nil }
        return self.drainWaiter
    }

    /// No further calls.
    ///
    /// - Parameter waiter: Waits for the end of the last call.
    /// - Returns: The waiter, where there is nothing to wait for.
    package mutating func drainStarted(_ waiter: Waiter) -> Waiter? {
        guard case .ready(let session) = self.state else { return waiter }
        self.state = .draining(session)
        guard self.callCount > 0 else { return waiter }
        self.drainWaiter = waiter
        return nil
    }

    /// A connection of somebody else's was closed: calls under way fail by themselves, and no other begins.
    ///
    /// - Parameter error: What later calls are told.
    package mutating func connectionClosed(_ error: LambdaError) {
        guard case .ready = self.state else { return }
        self.state = .closed(error)
    }

    /// The end, from any state.
    ///
    /// - Parameter error: What later calls, and those that wait, are told.
    /// - Returns: What is to be closed, and those who wait for it or for its calls.
    package mutating func closed(_ error: LambdaError) -> (session: Session?, callers: [Waiter], drainer: Waiter?) {
        let session: Session? =
            switch self.state {
            case .ready(let session), .draining(let session): session
            case .waiting, .closed: nil
            }
        if case .closed = self.state { return (nil, [], nil) }
        self.state = .closed(error)
        let callers = self.waiters.sorted { $0.key < $1.key }.map(\.value)
        defer { (self.waiters, self.drainWaiter) = ([:], nil) }
        return (session, callers, self.drainWaiter)
    }
}

extension ClientLifecycle.State: Sendable where Session: Sendable {}
extension ClientLifecycle: Sendable where Session: Sendable, Waiter: Sendable {}
