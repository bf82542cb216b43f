package import LambdaEnvironment
package import LambdaProtocol
package import Logging
package import NIOCore

/// A function that this process runs itself: a scheduler and its environments.
// @unchecked: every member is used on `eventLoop` only (asserted).
package final class LocalFunction: FunctionInvoker, @unchecked Sendable {
    package let eventLoop: any EventLoop

    private let configuration: FunctionConfiguration
    private let logger: Logger
    private var scheduler: InvocationScheduler<Invocation>
    private let environments: [ExecutionEnvironment]
    private let output: LogWriter
    /// `nil` where nobody wants to know.
    private let meter: FunctionMeter?
    private var pace: PaceMeter
    /// Whether an environment is ready or at work.
    package private(set) var isWarm = false
    private var tellWarmth: (() -> Void)?
    /// One timer for whatever comes first: a wait that is over, an environment that was idle for long.
    private var nextTick: NIODeadline?
    private var drained: EventLoopPromise<Void>?
    private var isStopping = false
    /// Empty where no invocation has a key.
    var idempotentCalls: IdempotentCalls<IdempotentWaiter>

    /// - Parameters:
    ///   - configuration: The function.
    ///   - eventLoop: Where everything happens.
    ///   - logger: For what goes on.
    ///   - output: Where the environments' lines go; standard output when nil.
    ///   - meter: Counts invocations; `nil`: nothing is counted.
    package init(
        configuration: FunctionConfiguration, eventLoop: any EventLoop, logger: Logger, output: LogWriter? = nil,
        meter: FunctionMeter? = nil
    ) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.logger = logger
        self.meter = meter
        self.scheduler = InvocationScheduler(
            limits: .init(
                maxEnvironments: configuration.maxEnvironments,
                slotsPerEnvironment: configuration.environment.maxInvocations,
                minEnvironments: configuration.minEnvironments,
                maxEvents: (configuration.maxEnvironments - configuration.reservedForCallers)
                    * configuration.environment.maxInvocations,
                maxWaiting: configuration.maxWaiting, maxWaitingTime: configuration.maxWaitingTime,
                idleTimeout: configuration.idleTimeout))
        // Of several invocations in one environment it is not known which has made room.
        let measured = configuration.environment.maxInvocations == 1 ? configuration.maxEnvironments : 0
        self.pace = PaceMeter(environmentCount: max(0, measured))
        self.idempotentCalls = IdempotentCalls(
            limits: .init(
                count: configuration.idempotencyCount, byteCount: configuration.idempotencyByteCount,
                time: configuration.idempotencyTime))
        var environment = configuration.environment
        environment.accountID = configuration.accountID
        let output = output ?? LogWriter(eventLoop: eventLoop, logger: logger)
        self.output = output
        self.environments = (0..<max(1, configuration.maxEnvironments)).map { index in
            ExecutionEnvironment(
                index: index, configuration: environment, eventLoop: eventLoop, logger: logger,
                output: output)
        }
        self.environments.forEach { $0.delegate = self }
    }

    /// Opens the first Runtime API listener, so that a port that is taken is known at once.
    ///
    /// Starts no runtime.
    package func start() -> EventLoopFuture<Void> {
        self.eventLoop.flatSubmit { self.environments[0].prepare() }
    }

    /// Starts the environments that are to be warm, so that the first invocations do not wait for their init.
    package func startEarly() {
        self.eventLoop.assertInEventLoop()
        while let environment = self.scheduler.startEarly() { self.environments[environment].start() }
    }

    /// How many invocations could be run now without waiting.
    package var freeSlots: Int { self.scheduler.freeSlots }

    /// How many invocations wait for an environment.
    package var waitingCount: Int { self.scheduler.waitingCount }

    /// What is going on.
    package var status: FunctionStatus { self.scheduler.status }

    /// Accepts the function's own name and the literal `function`, with any account and region, and the qualifiers
    /// `$LATEST`, the version and the configured one (contract 1.3).
    package func resolve(_ name: FunctionName) -> Result<ResolvedFunction, InvokeError> {
        let function = self.configuration.environment.function
        let isOurs = name.name == function.name || name.name == "function"
        guard isOurs, self.serves(qualifier: name.qualifier) else {
            return .failure(.functionNotFound(self.arn(name: name.name), qualifier: name.qualifier))
        }
        return .success(
            ResolvedFunction(
                name: function.name, qualifier: name.qualifier,
                invokedFunctionARN: self.arn(name: function.name).text(qualifier: name.qualifier)))
    }

    private func serves(qualifier: String?) -> Bool {
        guard let qualifier else { return true }
        return qualifier == "$LATEST" || qualifier == self.configuration.environment.function.version
            || qualifier == self.configuration.qualifier
    }

    private func arn(name: String) -> FunctionARN {
        FunctionARN(
            region: self.configuration.environment.function.region, accountID: self.configuration.accountID, name: name)
    }

    package func invoke(
        _ request: InvocationRequest, of function: ResolvedFunction,
        completion: @escaping (InvocationOutcome) -> Void
    ) {
        guard request.idempotencyKey == nil else {
            return self.runOnce(request, completion: completion) {
                self.run(Invocation(request, completion: $0))
            }
        }
        self.run(Invocation(request, completion: completion))
    }

    /// Whether idempotency keys mean anything here.
    var remembersResults: Bool { self.configuration.idempotencyTime > .zero }

    package func invoke(
        _ request: InvocationRequest, of function: ResolvedFunction, into sink: any ResponseSink,
        completion: @escaping (InvocationOutcome) -> Void
    ) {
        self.run(Invocation(request, sink: sink, completion: completion))
    }

    /// - Returns: Whether it waits.
    @discardableResult
    private func run(_ invocation: Invocation, isFirst: Bool = false) -> Bool {
        self.eventLoop.assertInEventLoop()
        let now = NIODeadline.now()
        self.measure(invocation, from: now)
        let startDeadline = invocation.request.startDeadline
        let action = self.scheduler.invocationArrived(
            invocation, startDeadline: startDeadline, isFirst: isFirst, now: now)
        self.carryOut(action, for: invocation, now)
        if case .wait = action { return true }
        return false
    }

    private func measure(_ invocation: Invocation, from now: NIODeadline) {
        guard let meter = self.meter else { return }
        invocation.meter = meter
        invocation.arrivedAt = now
    }

    private func carryOut(
        _ action: InvocationScheduler<Invocation>.ArrivalAction, for invocation: Invocation, _ now: NIODeadline
    ) {
        switch action {
        case .run(let environment):
            self.start(invocation, in: environment, now)
        case .wait(let starting, let checkAt):
            if let starting { self.environments[starting].start() }
            if let checkAt { self.tick(at: checkAt) }
        case .refuse(let refusal):
            return invocation.complete(.refused(refusal.error))
        }
    }

    private func start(_ invocation: Invocation, in environment: Int, _ now: NIODeadline) {
        invocation.startedAt = now
        self.pace.began(environment, now: now)
        invocation.onStart?()
        self.environments[environment].invoke(invocation)
    }

    /// Takes no more invocations, finishes those that run and wait, and stops the environments.
    package func drain() -> EventLoopFuture<Void> {
        self.eventLoop.assertInEventLoop()
        if let drained = self.drained { return drained.futureResult }
        let promise = self.eventLoop.makePromise(of: Void.self)
        self.drained = promise
        self.scheduler.drain()
        self.stopIfDrained()
        return promise.futureResult
    }

    /// Stops at once: what runs is answered with an error that says so, what waits too.
    package func stop() -> EventLoopFuture<Void> {
        self.eventLoop.assertInEventLoop()
        let drained = self.drain()
        self.stopEnvironments()
        return drained
    }

    private func stopIfDrained() {
        guard self.drained != nil, self.scheduler.isQuiet else { return }
        self.stopEnvironments()
    }

    private func stopEnvironments() {
        guard !self.isStopping, let drained = self.drained else { return }
        self.isStopping = true
        for invocation in self.scheduler.removeWaiting() {
            invocation.complete(.refused(InvocationScheduler<Invocation>.Refusal.draining.error))
        }
        EventLoopFuture.andAllComplete(self.environments.map { $0.shutdown() }, on: self.eventLoop)
            .flatMap { self.output.flush(within: .seconds(1)) }
            .cascade(to: drained)
    }

    /// Asks the scheduler what follows, and does it.
    private func run(
        _ ask: (inout InvocationScheduler<Invocation>, NIODeadline) -> InvocationScheduler<Invocation>.Actions
    ) {
        let now = NIODeadline.now()
        self.run(ask(&self.scheduler, now), now)
    }

    private func run(_ actions: InvocationScheduler<Invocation>.Actions, _ now: NIODeadline) {
        for (invocation, refusal) in actions.refuse { invocation.complete(.refused(refusal.error)) }
        for environment in actions.stop { self.environments[environment].stop() }
        if let environment = actions.start { self.environments[environment].start() }
        if let checkAt = actions.checkAt { self.tick(at: checkAt) }
        if let run = actions.run { self.start(run.waiter, in: run.environment, now) }
    }

    private func tick(at time: NIODeadline) {
        if let next = self.nextTick, next <= time { return }
        self.nextTick = time
        self.eventLoop.scheduleTask(deadline: time) {
            guard self.nextTick == time, !self.isStopping else { return }
            self.nextTick = nil
            self.run { $0.tick(now: $1) }
            self.stopIfDrained()
        }
    }
}

extension LocalFunction: CallInvoker {
    package func invoke(
        _ request: InvocationRequest, of function: ResolvedFunction, into sink: (any ResponseSink)?,
        ticket: CallTicket, completion: @escaping (InvocationOutcome) -> Void
    ) -> Bool {
        // Others may wait for the outcome of an invocation with a key: it is not taken back.
        if request.idempotencyKey != nil, sink == nil {
            self.invoke(request, of: function, completion: completion)
            return false
        }
        let invocation = Invocation(request, sink: sink, completion: completion)
        invocation.ticket = ticket.number
        invocation.mayGoBack = ticket.mayGoBack
        return self.run(invocation, isFirst: ticket.isFirst)
    }

    package var oldestSurplusCall: UInt64? {
        self.scheduler.oldestSurplus { $0.mayGoBack }?.ticket
    }

    package func takeBackCalls(_ calls: WaitingCalls) -> [UInt64] {
        self.eventLoop.assertInEventLoop()
        let taken =
            switch calls {
            case .surplus: self.scheduler.takeBack(onlySurplus: true) { $0.mayGoBack }
            case .returnable: self.scheduler.takeBack(onlySurplus: false) { $0.mayGoBack }
            case .all: self.scheduler.takeBack(onlySurplus: false) { $0.ticket != 0 }
            }
        return taken.map(\.ticket)
    }

    package func whenWarmthChanges(_ tell: @escaping () -> Void) {
        self.tellWarmth = tell
    }

    package func takePace() -> InvocationPace { self.pace.take() }

    private func checkWarmth() {
        let isWarm = self.scheduler.status.servingEnvironments > 0
        guard isWarm != self.isWarm else { return }
        self.isWarm = isWarm
        self.tellWarmth?()
    }
}

extension LocalFunction: EventInvoker {
    package func invokeEvent(
        _ request: InvocationRequest, of function: ResolvedFunction, onStart: @escaping () -> Void,
        completion: @escaping (InvocationOutcome) -> Void
    ) {
        self.eventLoop.assertInEventLoop()
        guard request.idempotencyKey == nil else {
            // Joined or run: it has left the queue once.
            var isStarted = false
            func startOnce() {
                if !isStarted { onStart() }
                isStarted = true
            }
            return self.runOnce(request, completion: completion, onJoin: startOnce) {
                self.runEvent(request, onStart: startOnce, completion: $0)
            }
        }
        self.runEvent(request, onStart: onStart, completion: completion)
    }

    private func runEvent(
        _ request: InvocationRequest, onStart: @escaping () -> Void,
        completion: @escaping (InvocationOutcome) -> Void
    ) {
        var hasStarted = false
        let invocation = Invocation(request) { outcome in
            completion(outcome)
            if hasStarted { self.run { $0.eventEnded(now: $1) } }
        }
        invocation.onStart = {
            hasStarted = true
            onStart()
        }
        let now = NIODeadline.now()
        self.measure(invocation, from: now)
        let startDeadline = request.startDeadline
        self.carryOut(
            self.scheduler.eventArrived(invocation, startDeadline: startDeadline, now: now), for: invocation, now)
    }

    package func refuseWaitingEvents() {
        self.eventLoop.assertInEventLoop()
        for invocation in self.scheduler.removeWaitingEvents() {
            invocation.complete(.refused(InvocationScheduler<Invocation>.Refusal.draining.error))
        }
    }

    package var hasWaitingCallers: Bool { self.scheduler.waitingCount > 0 }
}

extension LocalFunction: ExecutionEnvironmentDelegate {
    package func environment(
        _ environment: ExecutionEnvironment, became notice: EnvironmentActions<Invocation>.Notice
    ) {
        guard !self.isStopping else { return }
        switch notice {
        case .ready:
            self.run {
                self.pace.ended(environment.index, now: $1)
                return $0.environmentBecameReady(environment.index, now: $1)
            }
            if !self.isWarm { self.checkWarmth() }
        case .lost:
            self.scheduler.environmentLost(environment.index)
            self.checkWarmth()
        case .stopped:
            self.run {
                self.pace.ended(environment.index, now: $1)
                return $0.environmentStopped(
                    environment.index, needsInvocation: environment.startsOnlyWithInvocation, now: $1)
            }
            self.checkWarmth()
        case .closed:
            break
        }
        self.stopIfDrained()
    }

    package func environmentEndedInvocation(_ environment: ExecutionEnvironment) {
        guard !self.isStopping else { return }
        self.scheduler.invocationEnded(environment.index)
        self.stopIfDrained()
    }

    package func environment(_ environment: ExecutionEnvironment, endedInitAfter duration: TimeAmount) {
        self.meter?.counts.initEnded(after: duration)
    }

    package func environment(_ environment: ExecutionEnvironment, failedInit failure: EnvironmentFailure) {
        self.meter?.counts.initFailed()
        self.logger.warning(
            "Init of an execution environment has failed",
            metadata: [
                "environment": "\(environment.index)",
                "reason": "\(failure.reason(timeout: self.configuration.environment.invocationTimeout))",
            ])
    }
}
