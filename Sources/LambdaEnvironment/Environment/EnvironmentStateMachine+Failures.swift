package import NIOCore

/// What goes wrong, and who is told: the first fatal error decides (contract 10.3).
extension EnvironmentStateMachine {
    /// How long an extension that has reported an error may take to end: how it ends is part of AWS's message.
    static var reporterPatience: TimeAmount { .milliseconds(200) }

    // MARK: The runtime

    /// The runtime's document of why it cannot start is complete.
    ///
    /// - Parameter type: The error's, as it may be told of.
    package mutating func initErrorReceived(type: String) -> Actions {
        self.isReceivingPost = false
        var actions = Actions()
        // A runtime that has ended since is no other reason; an extension that failed before is.
        self.failInit(self.fatal.flatMap { $0.isExtension ? $0 : nil } ?? .initError(type: type), &actions)
        return actions
    }

    /// The runtime could not be started, or the environment not even opened.
    package mutating func processNotStarted(_ failure: ProcessStartFailure) -> Actions {
        var actions = Actions()
        self.census.isOpening = false
        self.census.runtime = .absent
        self.failInit(.notStarted(failure), &actions)
        if actions.initFailure == nil {
            // Where init was given up already, or the environment too, this is the end that they wait for.
            self.take(self.shutdownSequence?.runtimeEnded(), &actions)
            self.settle(&actions)
        }
        return actions
    }

    /// The runtime's process has ended, wanted or not.
    package mutating func processExited(_ exit: ProcessExit) -> Actions {
        var actions = Actions()
        self.census.runtime = .exited
        self.waitForStragglers(&actions)
        switch self.state {
        case .initialising, .running:
            self.fatal = self.fatal ?? .exited(exit)
        case .ready:
            actions.notice = .lost
            actions.lostTo = .exited(exit)
            self.consecutiveLosses += 1
            self.end(.failure, &actions)
        case .responseSent:
            if self.answerIsTruncated { actions.lateFailure = .exited(exit) }
            self.end(.failure, &actions)
        case .terminating, .closing:
            self.take(self.shutdownSequence?.runtimeEnded(), &actions)
        case .stopped, .backingOff, .closed:
            break
        }
        return actions
    }

    // MARK: Extensions

    /// An external extension could not be started, or there are too many.
    package mutating func extensionNotStarted(_ failure: ExtensionFailure) -> Actions {
        self.extensionEnded(failure, waits: false)
    }

    /// The process of an external extension has ended, wanted or not.
    package mutating func extensionExited(name: String, _ exit: ProcessExit) -> Actions {
        if case .extensionFailed(var reported)? = self.fatal, reported.name == name, reported.exit == nil {
            reported.exit = exit
            self.fatal = .extensionFailed(reported)
            self.awaitsReporter = false
        }
        return self.extensionEnded(ExtensionFailure(kind: .crash, name: name, exit: exit), waits: true)
    }

    /// The environment has more extensions than it may have.
    ///
    /// None of them was started.
    package mutating func extensionsRefused(_ failure: ExtensionFailure) -> Actions {
        var actions = Actions()
        self.census.isOpening = false
        self.failInit(.extensionFailed(failure), &actions)
        if actions.initFailure == nil { self.settle(&actions) }
        return actions
    }

    private mutating func extensionEnded(_ failure: ExtensionFailure, waits: Bool) -> Actions {
        var actions = Actions()
        self.census.extensionCount = max(0, self.census.extensionCount - 1)
        switch self.state {
        case .initialising, .running:
            self.fatal = self.fatal ?? .extensionFailed(failure)
            // An answer that the runtime has sent already stands: look once more for one.
            if waits { self.waitForStragglers(&actions) }
            self.settle(&actions)
        case .ready, .responseSent:
            self.failQuietly(.extensionFailed(failure), &actions)
        case .terminating, .closing, .stopped, .backingOff, .closed:
            self.settle(&actions)
        }
        return actions
    }

    /// An extension has posted to init/error or exit/error.
    package mutating func extensionReportedError(_ failure: ExtensionFailure) -> Actions {
        var actions = Actions()
        switch self.state {
        case .initialising, .running:
            guard self.fatal == nil else { break }
            self.fatal = .extensionFailed(failure)
            self.awaitsReporter = true
            actions.waitForReporter = Self.reporterPatience
        case .ready, .responseSent:
            self.failQuietly(.extensionFailed(failure), &actions)
        case .terminating, .closing, .stopped, .backingOff, .closed:
            break
        }
        return actions
    }

    /// An extension that reported an error has had its time to end.
    package mutating func reporterElapsed() -> Actions {
        var actions = Actions()
        guard self.awaitsReporter else { return actions }
        self.awaitsReporter = false
        self.settle(&actions)
        return actions
    }

    /// Nobody waits for an answer.
    private mutating func failQuietly(_ failure: EnvironmentFailure, _ actions: inout Actions) {
        if case .ready = self.state {
            actions.notice = .lost
            actions.lostTo = failure
            self.consecutiveLosses += 1
        } else {
            actions.lateFailure = failure
        }
        self.end(.failure, &actions)
    }

    // MARK: Time

    /// What a dead process had sent before it ended has been read, but for a post that is still being received.
    package mutating func stragglersElapsed() -> Actions {
        var actions = Actions()
        guard self.census.stragglerWaits > 0 else { return actions }
        self.census.stragglerWaits -= 1
        self.settle(&actions)
        return actions
    }

    /// The time that an earlier action named has come.
    package mutating func deadlinePassed(now: NIODeadline) -> Actions {
        var actions = Actions()
        switch self.state {
        case .initialising(_, let deadline) where now < deadline, .running(_, let deadline) where now < deadline,
            .responseSent(let deadline) where now < deadline:
            actions.checkDeadlineAt = deadline
        case .initialising(nil, _):
            self.failInit(.initTimedOut, &actions)
        case .initialising:
            self.failInit(.timedOut, &actions)
        case .running(let invocation, _):
            actions.answer = .init(invocation: invocation, ending: .failed(.timedOut))
            self.end(.timeout, &actions)
        case .responseSent:
            // The answer stands; the environment has overrun.
            actions.lateFailure = .timedOut
            self.end(.timeout, &actions)
        default:
            break
        }
        return actions
    }

    /// A runtime that takes several invocations at a time has let time run out for as many.
    package mutating func overran() -> Actions {
        var actions = Actions()
        guard case .ready = self.state else { return actions }
        actions.notice = .lost
        actions.lostTo = .timedOut
        self.end(.timeout, &actions)
        return actions
    }

    private mutating func waitForStragglers(_ actions: inout Actions) {
        self.census.stragglerWaits += 1
        actions.waitForStragglers = true
    }

    // MARK: Consequences

    mutating func failInit(_ failure: EnvironmentFailure, _ actions: inout Actions) {
        guard case .initialising(let bound, _) = self.state else { return }
        self.consecutiveInitFailures += 1
        actions.initFailure = failure
        if let bound { actions.answer = .init(invocation: bound, ending: .failed(failure)) }
        self.end(failure.shutdownReason, &actions)
    }

    /// Goes on once it is certain what a failure means: nothing that was sent before it is still on its way.
    mutating func settle(_ actions: inout Actions) {
        switch self.state {
        case .initialising:
            guard let fatal = self.settledFatal else { return }
            self.failInit(fatal, &actions)
        case .running(let invocation, _):
            guard let fatal = self.settledFatal else { return }
            actions.answer = .init(invocation: invocation, ending: .failed(fatal))
            self.end(.failure, &actions)
        case .terminating where self.census.isEmpty:
            self.restartOrBackOff(&actions)
        case .closing where self.census.isEmpty:
            self.state = .closed
            actions.notice = .closed
        default:
            break
        }
    }

    private var settledFatal: EnvironmentFailure? {
        guard self.census.stragglerWaits == 0, !self.awaitsReporter else { return nil }
        // A post whose sender is gone ends by itself, and then it is the answer.
        if self.isReceivingPost, self.census.runtime != .alive { return nil }
        return self.fatal
    }
}

extension EnvironmentFailure {
    /// Whether an extension is to blame.
    var isExtension: Bool {
        if case .extensionFailed = self { true } else { false }
    }

    /// What the extensions are told.
    fileprivate var shutdownReason: ShutdownReason {
        switch self {
        case .timedOut, .initTimedOut: .timeout
        default: .failure
        }
    }
}
