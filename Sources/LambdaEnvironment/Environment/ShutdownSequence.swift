/// The order in which an environment's processes are ended (contract 7.6): the runtime is asked to, then the external
/// extensions are told, then whatever is left is killed.
///
/// Pure. It does not end by itself: it is over when all processes are gone.
struct ShutdownSequence: Equatable {
    /// What to do to the processes.
    enum Step: Equatable {
        /// SIGTERM to the runtime's group; time runs from here on.
        case terminateRuntime(ShutdownWindow)
        /// SIGKILL to what is left of the runtime's group, SHUTDOWN to the extensions that asked for it, and SIGKILL to
        /// the others. With a window where time begins only now.
        case shutDownExtensions(ShutdownReason, ShutdownWindow?)
        /// SIGKILL to everything.
        case kill
        case nothing
    }

    private enum State {
        /// Can transition to: `extensionsToldOf`, `killed`.
        case runtimeTerminating
        /// Can transition to: `killed`.
        case extensionsTold
        case killed
    }

    private let reason: ShutdownReason
    private let presence: ExtensionPresence
    private var state: State

    /// - Parameters:
    ///   - reason: What the extensions are told.
    ///   - presence: Which extensions have registered; without any, nobody is given time.
    ///   - runtimeIsAlive: Whether the runtime's process is there.
    /// - Returns: The sequence and its first step.
    static func begin(
        _ reason: ShutdownReason, presence: ExtensionPresence, runtimeIsAlive: Bool
    ) -> (sequence: Self, step: Step) {
        switch (presence, runtimeIsAlive) {
        case (.none, _), (.internalOnly, false):
            (Self(reason: reason, presence: presence, state: .killed), .kill)
        case (.internalOnly, true):
            (Self(reason: reason, presence: presence, state: .runtimeTerminating), .terminateRuntime(.internalOnly))
        case (.external, true):
            (Self(reason: reason, presence: presence, state: .runtimeTerminating), .terminateRuntime(.external))
        case (.external, false):
            (
                Self(reason: reason, presence: presence, state: .extensionsTold),
                .shutDownExtensions(reason, .external)
            )
        }
    }

    /// The runtime's process has ended.
    mutating func runtimeEnded() -> Step {
        guard self.state == .runtimeTerminating else { return .nothing }
        return self.leaveRuntime()
    }

    /// The runtime's share of the time is over.
    mutating func runtimeShareElapsed() -> Step {
        guard self.state == .runtimeTerminating else { return .nothing }
        return self.leaveRuntime()
    }

    /// The time is over.
    mutating func windowElapsed() -> Step {
        guard self.state != .killed else { return .nothing }
        self.state = .killed
        return .kill
    }

    private mutating func leaveRuntime() -> Step {
        guard self.presence == .external else {
            self.state = .killed
            return .kill
        }
        self.state = .extensionsTold
        return .shutDownExtensions(self.reason, nil)
    }
}
