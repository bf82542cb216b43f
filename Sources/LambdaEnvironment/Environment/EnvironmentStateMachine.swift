package import NIOCore

/// The life of one execution environment: init, invocations, and what happens when something fails (contract 7.5, 7.6,
/// 10.1 to 10.3).
///
/// Pure.
///
/// Init runs first without an invocation, within a limit of its own. When it fails, it runs again only together with
/// an invocation, inside the function's time-out ("suppressed init"), until it succeeds.
///
/// Init and each invocation end with a barrier: the runtime has asked for its next event, and so have the extensions.
/// Where there are none, they are always ready.
package struct EnvironmentStateMachine<Invocation> {
    package typealias Actions = EnvironmentActions<Invocation>

    enum State {
        /// No process. Can transition to: `initialising`, `closed`.
        case stopped
        /// Extensions start and register, then the runtime starts; `bound` is the invocation in whose time-out they do.
        /// Can transition to: `ready` (unbound), `running` (bound), `terminating`.
        case initialising(bound: Invocation?, deadline: NIODeadline)
        /// Runtime and extensions wait in `next`. Can transition to: `running`, `terminating`.
        case ready
        /// The runtime has the event. Can transition to: `responseSent`, `terminating`.
        case running(Invocation, deadline: NIODeadline)
        /// The caller has its answer; the runtime or an extension has not asked for more yet.
        /// Can transition to: `ready`, `terminating`.
        case responseSent(deadline: NIODeadline)
        /// The processes are being ended or have ended by themselves; their end is awaited, and what they had sent.
        /// Can transition to: `stopped`, `backingOff`, `closing`.
        case terminating
        /// Init failed repeatedly; the next start waits. Can transition to: `stopped`, `closed`.
        case backingOff
        /// Ended for good; the end of the processes is awaited. Can transition to: `closed`.
        case closing
        case closed
    }

    var state: State = .stopped
    var census = ProcessCensus()
    var runtimeIsReady = false
    var extensionsAreReady = true
    var presence = ExtensionPresence.none
    var isReceivingPost = false
    /// The answer that stands was cut off: the end of the runtime is the reason, and news.
    var answerIsTruncated = false
    /// What has gone wrong first in this process's life; it decides nothing before `census` is settled.
    var fatal: EnvironmentFailure?
    /// An extension has reported an error, and is given time to end.
    var awaitsReporter = false
    /// Under way while `terminating` or `closing`.
    var shutdownSequence: ShutdownSequence?
    /// Init has failed this many times without a success in between.
    package internal(set) var consecutiveInitFailures = 0
    /// It was lost this many times while it was ready, without an invocation that it has finished in between.
    var consecutiveLosses = 0

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

    /// Whether runtime and extensions wait, or the runtime is at work on invocations that this machine does not know of.
    package var isReady: Bool {
        if case .ready = self.state { true } else { false }
    }

    /// Whether it can be started.
    package var isStopped: Bool {
        if case .stopped = self.state { true } else { false }
    }

    /// Whether the processes are being ended.
    package var isShuttingDown: Bool {
        switch self.state {
        case .terminating, .closing, .closed: true
        default: false
        }
    }

    // MARK: Starting

    /// Starts init without an invocation.
    ///
    /// - Parameters:
    ///   - now: The present.
    ///   - timeout: Another limit than init's own: an invocation waits that this machine does not know of.
    package mutating func start(now: NIODeadline, timeout: TimeAmount? = nil) -> Actions {
        guard case .stopped = self.state else { return Actions() }
        return self.open(bound: nil, deadline: now + (timeout ?? self.initTimeout))
    }

    /// An invocation for this environment, which must be ready or stopped.
    ///
    /// - Returns: `nil` when it can take none.
    package mutating func invoke(_ invocation: Invocation, now: NIODeadline) -> Actions? {
        let deadline = now + self.invocationTimeout
        switch self.state {
        case .ready:
            var actions = Actions()
            self.deliver(invocation, deadline: deadline, &actions)
            actions.checkDeadlineAt = deadline
            return actions
        case .stopped:
            return self.open(bound: invocation, deadline: deadline)
        default:
            return nil
        }
    }

    private mutating func open(bound: Invocation?, deadline: NIODeadline) -> Actions {
        self.state = .initialising(bound: bound, deadline: deadline)
        self.census = ProcessCensus(isOpening: true)
        self.runtimeIsReady = false
        self.extensionsAreReady = true
        self.presence = .none
        self.isReceivingPost = false
        self.answerIsTruncated = false
        self.fatal = nil
        self.awaitsReporter = false
        self.shutdownSequence = nil
        var actions = Actions()
        actions.open = true
        actions.checkDeadlineAt = deadline
        return actions
    }

    /// The Runtime API listens, and the environment has this many external extensions.
    ///
    /// They start first, and the runtime when all of them have registered.
    package mutating func opened(extensionCount: Int) -> Actions {
        var actions = Actions()
        guard self.census.isOpening else { return actions }
        self.census.isOpening = false
        guard case .initialising = self.state else {
            // Given up in the meantime.
            self.settle(&actions)
            return actions
        }
        if extensionCount > 0 {
            self.census.extensionCount = extensionCount
            self.extensionsAreReady = false
            actions.startExtensions = true
        } else {
            self.startRuntime(&actions)
        }
        return actions
    }

    /// All external extensions have registered.
    package mutating func externalExtensionsRegistered() -> Actions {
        var actions = Actions()
        guard case .initialising = self.state, self.census.runtime == .absent, self.fatal == nil else { return actions }
        self.startRuntime(&actions)
        return actions
    }

    private mutating func startRuntime(_ actions: inout Actions) {
        self.census.runtime = .alive
        actions.startRuntime = true
    }

    // MARK: The barrier

    /// An extension has registered: init is not over before it has asked for its first event.
    package mutating func extensionRegistered(presence: ExtensionPresence) {
        self.presence = presence
        self.extensionsAreReady = false
    }

    /// Extensions have been given an event; the invocation is not over before they ask for the next.
    package mutating func extensionsBecameBusy() {
        self.extensionsAreReady = false
    }

    /// Every extension has asked for its next event.
    package mutating func extensionsBecameReady() -> Actions {
        self.extensionsAreReady = true
        return self.passBarrier()
    }

    /// The runtime has asked for an event, for the first time or after its answer.
    package mutating func runtimeBecameReady() -> Actions {
        self.runtimeIsReady = true
        return self.passBarrier()
    }

    private mutating func passBarrier() -> Actions {
        var actions = Actions()
        guard self.runtimeIsReady, self.extensionsAreReady, self.fatal == nil else { return actions }
        switch self.state {
        case .initialising(let bound, let deadline):
            self.consecutiveInitFailures = 0
            actions.initEnded = true
            if let bound {
                self.deliver(bound, deadline: deadline, &actions)
            } else {
                self.state = .ready
                actions.notice = .ready
            }
        case .responseSent:
            self.state = .ready
            self.invocationFinished()
            actions.invocationEnded = true
            actions.notice = .ready
        default:
            break
        }
        return actions
    }

    private mutating func deliver(_ invocation: Invocation, deadline: NIODeadline, _ actions: inout Actions) {
        self.runtimeIsReady = false
        self.state = .running(invocation, deadline: deadline)
        actions.deliver = invocation
    }

    // MARK: The answer

    /// The head of an answer has arrived.
    ///
    /// The exit of the process waits for the rest.
    package mutating func postStarted() {
        self.isReceivingPost = true
    }

    /// The answer is complete, or the platform's in its place (too large, cut off, bad mode): it stands from here on.
    ///
    /// - Parameter isTruncated: Cut off. The caller is told so (contract 6.3); the log tells why, if the runtime ends.
    package mutating func postFinished(isTruncated: Bool = false) -> Actions {
        self.isReceivingPost = false
        self.answerIsTruncated = isTruncated
        guard case .running(let invocation, let deadline) = self.state else { return Actions() }
        var actions = Actions()
        actions.answer = .init(invocation: invocation, ending: .posted)
        if let fatal = self.fatal {
            // An extension's failure is told of all the same; a runtime that ends after its answer is no news.
            if fatal.isExtension || isTruncated { actions.lateFailure = fatal }
            self.end(.failure, &actions)
        } else {
            self.state = .responseSent(deadline: deadline)
        }
        return actions
    }

    /// The answer was cut off because the runtime ends, and nothing of it has reached the caller.
    ///
    /// That end is the answer, as soon as it is known (contract 4.4, 10.3).
    package mutating func postLost() -> Actions {
        self.isReceivingPost = false
        var actions = Actions()
        self.settle(&actions)
        return actions
    }

    /// The runtime has answered an invocation: whatever it was lost to before is no series any more.
    package mutating func invocationFinished() {
        self.consecutiveLosses = 0
    }
}
