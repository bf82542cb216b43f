package import LambdaProtocol

/// Runs calls that can be taken back while they wait for a slot.
package protocol CallInvoker: FunctionInvoker {
    /// Runs one invocation, as the ways without a ticket do. Call on the invoker's loop.
    ///
    /// - Parameters:
    ///   - request: The invocation.
    ///   - function: What ``resolve(_:)`` returned for it.
    ///   - sink: Takes the answer piece by piece; `nil` for a caller who wants it whole.
    ///   - ticket: By what it is taken back.
    ///   - completion: Called exactly once; never for one that is taken back.
    /// - Returns: Whether it waits.
    func invoke(
        _ request: InvocationRequest, of function: ResolvedFunction, into sink: (any ResponseSink)?,
        ticket: CallTicket, completion: @escaping (InvocationOutcome) -> Void
    ) -> Bool

    /// The oldest call that waits although every slot is taken, and may go back.
    var oldestSurplusCall: UInt64? { get }

    /// Takes back calls that wait: their completions are never called.
    ///
    /// - Returns: Their numbers.
    func takeBackCalls(_ calls: WaitingCalls) -> [UInt64]

    /// Whether an environment is ready or at work, so that a call would meet no cold start.
    var isWarm: Bool { get }

    /// Has ``isWarm`` told whenever it changes.
    func whenWarmthChanges(_ tell: @escaping () -> Void)

    /// The pace of all invocations since the last time that this was asked.
    func takePace() -> InvocationPace
}

/// Which of the calls that wait and have a ticket.
package enum WaitingCalls: Sendable {
    /// Those that may go back, and for which no slot is in sight.
    case surplus
    /// Those that may go back, also where an environment is being started for them.
    case returnable
    /// All of them.
    case all
}

/// For an invoker where nothing ever waits.
extension CallInvoker {
    package func invoke(
        _ request: InvocationRequest, of function: ResolvedFunction, into sink: (any ResponseSink)?,
        ticket: CallTicket, completion: @escaping (InvocationOutcome) -> Void
    ) -> Bool {
        if let sink {
            self.invoke(request, of: function, into: sink, completion: completion)
        } else {
            self.invoke(request, of: function, completion: completion)
        }
        return false
    }

    package var oldestSurplusCall: UInt64? { nil }

    package func takeBackCalls(_ calls: WaitingCalls) -> [UInt64] { [] }

    package var isWarm: Bool { true }

    package func whenWarmthChanges(_ tell: @escaping () -> Void) {}

    package func takePace() -> InvocationPace { InvocationPace() }
}
