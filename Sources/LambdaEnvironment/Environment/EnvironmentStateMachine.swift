package import NIOCore

/// The life of one execution environment: init, invocations, and what happens when something fails (contract 10.1 to
/// 10.3). Pure.
///
/// Init runs first without an invocation, within a limit of its own. When it fails, it runs again only together with
/// an invocation, inside the function's time-out ("suppressed init"), until it succeeds.
package struct EnvironmentStateMachine<Invocation> {
    package typealias Actions = EnvironmentActions<Invocation>

    private enum State {
        /// No process. Can transition to: `initialising`, `closed`.
        case stopped
        /// The process starts; `bound` is the invocation in whose time-out it does.
        /// Can transition to: `ready` (unbound), `running` (bound), `terminating`.
        case initialising(bound: Invocation?, deadline: NIODeadline)
        /// The runtime waits in `next`. Can transition to: `running`, `terminating`.
        case ready
        /// The runtime has the event. Can transition to: `responseSent`, `terminating`.
        case running(Invocation, deadline: NIODeadline)
        /// The caller has its answer, the runtime has not asked for more yet.
        /// Can transition to: `ready`, `terminating`.
        case responseSent(deadline: NIODeadline)
        /// The process was killed or has ended by itself; its end is awaited, and what it had sent.
        /// Can transition to: `stopped`, `backingOff`, `closed`.
        case terminating
        /// Init failed repeatedly; the next start waits. Can transition to: `stopped`, `closed`.
        case backingOff
        /// Killed for good; its end is awaited. Can transition to: `closed`.
        case closing
        case closed
    }

    /// The exit of the process, from its notice until the next start.
    private enum Exit {
        case none
        case noticed(ProcessExit)
        /// All that the process sent has been read.
        case settled(ProcessExit)
    }

    private var state: State = .stopped
    private var exit: Exit = .none
    private var isReceivingPost = false
    /// Init has failed this many times without a success in between.
    package private(set) var consecutiveInitFailures = 0

    private let initTimeout: TimeAmount
    private let invocationTimeout: TimeAmount

    /// - Parameters:
    ///   - initTimeout: The limit of an init that no invocation waits in; 10 s on AWS.
    ///   - invocationTimeout: The function's time-out.
    package init(initTimeout: TimeAmount, invocationTimeout: TimeAmount) {
        self.initTimeout = initTimeout
        self.invocationTimeout = invocationTimeout
    }

    /// Whether the next start needs an invocation to run in.
    package var startsOnlyWithInvocation: Bool { self.consecutiveInitFailures > 0 }

    /// When the current init or invocation has to be over.
    package var deadline: NIODeadline? {
        switch self.state {
        case .initialising(_, let deadline), .running(_, let deadline), .responseSent(let deadline): deadline
        default: nil
        }
    }

    /// Whether init runs, with or without an invocation.
    package var isInitialising: Bool {
        if case .initialising = self.state { true } else { false }
    }

    /// Starts init without an invocation.
    package mutating func start(now: NIODeadline) -> Actions {
        guard case .stopped = self.state else { return Actions() }
        return self.startProcess(bound: nil, deadline: now + self.initTimeout)
    }

    /// An invocation for this environment, which must be ready or stopped.
    ///
    /// - Returns: `nil` when it can take none.
    package mutating func invoke(_ invocation: Invocation, now: NIODeadline) -> Actions? {
        let deadline = now + self.invocationTimeout
        switch self.state {
        case .ready:
            self.state = .running(invocation, deadline: deadline)
            var actions = Actions()
            actions.deliver = invocation
            actions.checkDeadlineAt = deadline
            return actions
        case .stopped:
            return self.startProcess(bound: invocation, deadline: deadline)
        default:
            return nil
        }
    }

    private mutating func startProcess(bound: Invocation?, deadline: NIODeadline) -> Actions {
        self.state = .initialising(bound: bound, deadline: deadline)
        self.exit = .none
        self.isReceivingPost = false
        var actions = Actions()
        actions.startProcess = true
        actions.checkDeadlineAt = deadline
        return actions
    }

    /// The runtime has asked for an event, for the first time or after its answer.
    package mutating func runtimeBecameReady() -> Actions {
        var actions = Actions()
        guard case .none = self.exit else { return actions }
        switch self.state {
        case .initialising(let bound?, let deadline):
            self.consecutiveInitFailures = 0
            self.state = .running(bound, deadline: deadline)
            actions.deliver = bound
        case .initialising(nil, _):
            self.consecutiveInitFailures = 0
            self.state = .ready
            actions.notice = .ready
        case .responseSent:
            self.state = .ready
            actions.invocationEnded = true
            actions.notice = .ready
        default:
            break
        }
        return actions
    }

    /// The head of an answer has arrived. The exit of the process waits for the rest.
    package mutating func postStarted() {
        self.isReceivingPost = true
    }

    /// The answer is complete, or the platform's in its place (too large, cut off, bad mode): it stands from here on.
    package mutating func postFinished() -> Actions {
        self.isReceivingPost = false
        guard case .running(let invocation, let deadline) = self.state else { return Actions() }
        var actions = Actions()
        actions.answer = .init(invocation: invocation, ending: .posted)
        if case .none = self.exit {
            self.state = .responseSent(deadline: deadline)
        } else {
            self.state = .terminating
            actions.invocationEnded = true
            self.settle(&actions)
        }
        return actions
    }

    /// The runtime's document of why it cannot start is complete.
    package mutating func initErrorReceived() -> Actions {
        self.isReceivingPost = false
        var actions = Actions()
        self.failInit(.initError, &actions)
        return actions
    }

    /// The process could not be started.
    package mutating func processNotStarted(_ failure: ProcessStartFailure) -> Actions {
        var actions = Actions()
        self.exit = .settled(.code(127))
        self.failInit(.notStarted(failure), &actions)
        // Where init was given up already, or the environment too, this is the end that they wait for.
        if actions.initFailure == nil { self.settle(&actions) }
        return actions
    }

    /// The process has ended, wanted or not.
    package mutating func processExited(_ exit: ProcessExit) -> Actions {
        self.exit = .noticed(exit)
        var actions = Actions()
        actions.waitForStragglers = true
        switch self.state {
        case .ready:
            self.state = .terminating
            actions.notice = .lost
        case .responseSent:
            self.state = .terminating
            actions.invocationEnded = true
        default:
            break
        }
        return actions
    }

    /// What the process had sent before it ended has been read, but for a post that is still being received.
    package mutating func stragglersElapsed() -> Actions {
        var actions = Actions()
        guard case .noticed(let exit) = self.exit else { return actions }
        self.exit = .settled(exit)
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
            self.terminate(&actions)
        case .responseSent:
            // The answer stands; the environment has overrun.
            self.terminate(&actions)
        default:
            break
        }
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

    /// Ends the process of an environment that is ready; it can be started again.
    package mutating func stop() -> Actions {
        var actions = Actions()
        guard case .ready = self.state else { return actions }
        actions.killProcess = true
        self.state = .terminating
        return actions
    }

    /// Ends the environment: its process is killed, an invocation that runs is answered with `.shutdown`.
    package mutating func shutdown() -> Actions {
        var actions = Actions()
        switch self.state {
        case .stopped, .backingOff, .closed:
            self.state = .closed
            actions.notice = .closed
            return actions
        case .closing:
            return actions
        case .initialising(let bound?, _), .running(let bound, _):
            actions.answer = .init(invocation: bound, ending: .failed(.shutdown))
            actions.invocationEnded = true
        case .responseSent:
            actions.invocationEnded = true
        case .initialising(nil, _), .ready, .terminating:
            break
        }
        actions.killProcess = true
        self.state = .closing
        self.settle(&actions)
        return actions
    }

    private mutating func failInit(_ failure: EnvironmentFailure, _ actions: inout Actions) {
        guard case .initialising(let bound, _) = self.state else { return }
        self.consecutiveInitFailures += 1
        actions.initFailure = failure
        if let bound { actions.answer = .init(invocation: bound, ending: .failed(failure)) }
        actions.invocationEnded = bound != nil
        actions.killProcess = true
        self.state = .terminating
        self.settle(&actions)
    }

    private mutating func terminate(_ actions: inout Actions) {
        actions.killProcess = true
        actions.invocationEnded = true
        self.state = .terminating
        self.settle(&actions)
    }

    /// Goes on once the process is gone and all that it sent has been read.
    private mutating func settle(_ actions: inout Actions) {
        guard case .settled(let exit) = self.exit else { return }
        switch self.state {
        case .initialising where !self.isReceivingPost:
            self.failInit(.exited(exit), &actions)
        case .running(let invocation, _) where !self.isReceivingPost:
            actions.answer = .init(invocation: invocation, ending: .failed(.exited(exit)))
            self.terminate(&actions)
        case .terminating:
            self.restartOrBackOff(&actions)
        case .closing:
            self.state = .closed
            actions.notice = .closed
        default:
            break
        }
    }

    private mutating func restartOrBackOff(_ actions: inout Actions) {
        let delay = Self.backOffDelay(afterInitFailures: self.consecutiveInitFailures)
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
    package static func backOffDelay(afterInitFailures count: Int) -> TimeAmount {
        guard count > 1 else { return .zero }
        return .milliseconds(min(5000, 100 << Int64(min(count - 2, 10))))
    }
}
