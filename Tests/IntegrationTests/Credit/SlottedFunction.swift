import LambdaEnvironment
import LambdaFunction
import LambdaProtocol
import NIOCore

/// A function with slots and the daemon's own scheduler, whose runtime is a timer: an event says how long it takes.
///
/// An event is a JSON string: `"ID MILLISECONDS"`. The answer is the event.
// @unchecked: every member is used on `eventLoop` only.
final class SlottedFunction: CallInvoker, @unchecked Sendable {
    let eventLoop: any EventLoop
    /// How often each event was run.
    private(set) var runs: [String: Int] = [:]
    private var scheduler: InvocationScheduler<Invocation>
    private var pace: PaceMeter

    init(eventLoop: any EventLoop, slots: Int) {
        self.eventLoop = eventLoop
        self.scheduler = InvocationScheduler(limits: .init(maxEnvironments: slots, maxWaiting: 1000))
        self.pace = PaceMeter(environmentCount: slots)
    }

    func resolve(_ name: FunctionName) -> Result<ResolvedFunction, InvokeError> {
        .success(ResolvedFunction(name: name.name, qualifier: name.qualifier, invokedFunctionARN: ""))
    }

    func invoke(
        _ request: InvocationRequest, of function: ResolvedFunction,
        completion: @escaping (InvocationOutcome) -> Void
    ) {
        _ = self.arrived(Invocation(request, completion: completion), isFirst: false)
    }

    func invoke(
        _ request: InvocationRequest, of function: ResolvedFunction, into sink: any ResponseSink,
        completion: @escaping (InvocationOutcome) -> Void
    ) {
        _ = self.arrived(Invocation(request, sink: sink, completion: completion), isFirst: false)
    }

    func invoke(
        _ request: InvocationRequest, of function: ResolvedFunction, into sink: (any ResponseSink)?,
        ticket: CallTicket, completion: @escaping (InvocationOutcome) -> Void
    ) -> Bool {
        let invocation = Invocation(request, sink: sink, completion: completion)
        invocation.ticket = ticket.number
        invocation.mayGoBack = ticket.mayGoBack
        return self.arrived(invocation, isFirst: ticket.isFirst)
    }

    var oldestSurplusCall: UInt64? { self.scheduler.oldestSurplus { $0.mayGoBack }?.ticket }

    func takeBackCalls(_ calls: WaitingCalls) -> [UInt64] {
        self.scheduler.takeBack(onlySurplus: calls == .surplus) { calls == .all ? $0.ticket != 0 : $0.mayGoBack }
            .map(\.ticket)
    }

    func takePace() -> InvocationPace { self.pace.take() }

    /// Whether an event has been run, or runs.
    func hasRun(_ event: String) -> Bool { self.runs[event] != nil }

    private func arrived(_ invocation: Invocation, isFirst: Bool) -> Bool {
        let now = NIODeadline.now()
        switch self.scheduler.invocationArrived(invocation, startDeadline: nil, isFirst: isFirst, now: now) {
        case .run(let environment): self.run(invocation, environment, now)
        case .wait(let starting, _):
            if let starting { self.eventLoop.assumeIsolated().execute { self.becameReady(starting) } }
            return true
        case .refuse: invocation.complete(.refused(InvokeError(.tooManyRequests, "no room")))
        }
        return false
    }

    private func run(_ invocation: Invocation, _ environment: Int, _ now: NIODeadline) {
        self.pace.began(environment, now: now)
        let event = String(buffer: invocation.request.event)
        self.runs[event, default: 0] += 1
        let milliseconds = event.split { $0 == " " || $0 == "\"" }.last.flatMap { Int64($0) } ?? 0
        self.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(milliseconds)) {
            invocation.complete(.result(FunctionReply(body: invocation.request.event)))
            self.becameReady(environment)
        }
    }

    private func becameReady(_ environment: Int) {
        let now = NIODeadline.now()
        self.pace.ended(environment, now: now)
        let actions = self.scheduler.environmentBecameReady(environment, now: now)
        if let run = actions.run { self.run(run.waiter, run.environment, now) }
    }
}
