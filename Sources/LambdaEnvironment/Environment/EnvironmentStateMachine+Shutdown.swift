package import NIOCore

/// Ending the processes, for a new start or for good (contract 7.6, 10.2).
extension EnvironmentStateMachine {
    /// Ends the processes of an environment that is ready; it can be started again.
    package mutating func stop() -> Actions {
        var actions = Actions()
        guard case .ready = self.state else { return actions }
        self.end(.spindown, &actions)
        return actions
    }

    /// Ends the environment, and answers an invocation that runs with `.shutdown`.
    package mutating func shutdown() -> Actions {
        var actions = Actions()
        switch self.state {
        case .stopped, .backingOff, .closed:
            self.state = .closed
            actions.notice = .closed
            return actions
        case .closing:
            return actions
        case .terminating:
            // Whoever is being given time keeps it.
            self.state = .closing
            self.settle(&actions)
            return actions
        case .initialising(let bound?, _), .running(let bound, _):
            actions.answer = .init(invocation: bound, ending: .failed(.shutdown))
        case .initialising(nil, _), .ready, .responseSent:
            break
        }
        self.end(.spindown, &actions, isForGood: true)
        return actions
    }

    /// The runtime's share of the time to shut down is over.
    package mutating func runtimeShareElapsed() -> Actions {
        var actions = Actions()
        self.take(self.shutdownSequence?.runtimeShareElapsed(), &actions)
        return actions
    }

    /// The time to shut down is over.
    package mutating func shutdownWindowElapsed() -> Actions {
        var actions = Actions()
        self.take(self.shutdownSequence?.windowElapsed(), &actions)
        return actions
    }

    /// The wait before the next start is over.
    package mutating func backOffElapsed() -> Actions {
        var actions = Actions()
        guard case .backingOff = self.state else { return actions }
        self.state = .stopped
        actions.notice = .stopped
        return actions
    }

    /// Begins the end of the processes, and of the invocation that they run.
    mutating func end(_ reason: ShutdownReason, _ actions: inout Actions, isForGood: Bool = false) {
        switch self.state {
        case .initialising(_?, _), .running, .responseSent: actions.invocationEnded = true
        default: break
        }
        self.state = isForGood ? .closing : .terminating
        let (sequence, step) = ShutdownSequence.begin(
            reason, presence: self.presence, runtimeIsAlive: self.census.runtime == .alive)
        self.shutdownSequence = sequence
        self.take(step, &actions)
        self.settle(&actions)
    }

    mutating func take(_ step: ShutdownSequence.Step?, _ actions: inout Actions) {
        switch step {
        case .terminateRuntime(let window)?: actions.signal = .terminateRuntime(window)
        case .shutDownExtensions(let reason, let window)?: actions.signal = .shutDownExtensions(reason, window)
        case .kill?: actions.signal = .kill
        case .nothing?, nil: break
        }
    }

    mutating func restartOrBackOff(_ actions: inout Actions) {
        self.shutdownSequence = nil
        // One that is to be warm is started again at once: it must not spin either.
        let delay = Self.backOffDelay(after: max(self.consecutiveInitFailures, self.consecutiveLosses))
        if delay > .zero {
            self.state = .backingOff
            actions.backOff = delay
        } else {
            self.state = .stopped
            actions.notice = .stopped
        }
    }

    /// How long the next start waits: 0, 0, 0.1 s, 0.2 s, … 5 s after 0, 1, 2, 3, … failures.
    ///
    /// The first failure costs nothing since Init runs again at once, inside the invocation (contract 10.1).
    package static func backOffDelay(after count: Int) -> TimeAmount {
        guard count > 1 else { return .zero }
        return .milliseconds(min(5000, 100 << Int64(min(count - 2, 10))))
    }
}
