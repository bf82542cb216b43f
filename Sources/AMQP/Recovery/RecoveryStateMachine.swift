/// When to connect, to try again, and to give up.
///
/// Pure: no clock, no I/O, no chance; `jitter` (0 to 1) comes in. The first connect has a number of attempts, so that a
/// wrong password ends the program; a connection that once stood is tried for ever.
package struct RecoveryStateMachine: Sendable {
    package enum Action: Equatable, Sendable {
        case none
        case connect
        /// Every participant declares and consumes again.
        case setUp
        case announceConnected
        case retry(after: Duration)
        case giveUp
    }

    private enum State {
        /// Can transition to: `connecting`.
        case idle
        /// Can transition to: `settingUp`, `waiting`, `closed`.
        case connecting
        /// The link is open. Can transition to: `connected`, `waiting`, `closed`.
        case settingUp
        /// Can transition to: `waiting`, `closed`.
        case connected
        /// Backing off. Can transition to: `connecting`, `closed`.
        case waiting
        case closed
    }

    private let attemptLimit: Int
    private let retryDelay: Duration
    private var state: State = .idle
    private var hasBeenConnected = false
    /// Attempts that failed since the last success.
    private var failures = 0

    /// - Parameters:
    ///   - attemptLimit: How often the first connect is tried.
    ///   - retryDelay: The pause between two attempts of the first connect.
    package init(attemptLimit: Int, retryDelay: Duration) {
        self.attemptLimit = attemptLimit
        self.retryDelay = retryDelay
    }

    package mutating func start() -> Action {
        guard case .idle = self.state else { return .none }
        self.state = .connecting
        return .connect
    }

    /// Whether a link is still to be opened; an attempt may have several hosts to try.
    package var isConnecting: Bool {
        if case .connecting = self.state { return true }
        return false
    }

    package mutating func linkOpened() -> Action {
        guard case .connecting = self.state else { return .none }
        self.state = .settingUp
        return .setUp
    }

    package mutating func setUpDone() -> Action {
        guard case .settingUp = self.state else { return .none }
        self.state = .connected
        self.hasBeenConnected = true
        self.failures = 0
        return .announceConnected
    }

    package mutating func connectFailed(jitter: Double) -> Action {
        guard case .connecting = self.state else { return .none }
        self.failures += 1
        guard self.hasBeenConnected || self.failures < self.attemptLimit else {
            self.state = .closed
            return .giveUp
        }
        self.state = .waiting
        return .retry(after: self.hasBeenConnected ? Self.backoff(self.failures, jitter: jitter) : self.retryDelay)
    }

    package mutating func linkLost(jitter: Double) -> Action {
        switch self.state {
        case .settingUp, .connected:
            // A link that opened and fell at once counts as a failure: a broker that refuses our set-up is not
            // asked again without a pause.
            self.failures += 1
            self.hasBeenConnected = true
            self.state = .waiting
            return .retry(after: Self.backoff(self.failures, jitter: jitter))
        case .idle, .connecting, .waiting, .closed: return .none
        }
    }

    package mutating func backoffElapsed() -> Action {
        guard case .waiting = self.state else { return .none }
        self.state = .connecting
        return .connect
    }

    package mutating func close() {
        self.state = .closed
    }

    /// 0.1 s, 0.2, 0.4, 0.8, 1.6, 2, 2, …; each between half and the whole of that, by `jitter`, so that a hundred
    /// containers do not come back in the same instant.
    package static func backoff(_ failures: Int, jitter: Double) -> Duration {
        let full = min(2.0, 0.1 * Double(1 << min(max(failures - 1, 0), 5)))
        return .seconds(full * (0.5 + 0.5 * min(max(jitter, 0), 1)))
    }
}
