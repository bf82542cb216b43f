internal import LambdaHTTP
package import LambdaProtocol
package import Logging
package import NIOCore

/// One execution environment: the processes of a runtime and its extensions, their own listener for the Runtime API and
/// the Extensions API, and the state machine that decides.
///
/// Only translates: what happens becomes an event of ``EnvironmentStateMachine``, its actions become calls.
// @unchecked: every member is used on `eventLoop` only (asserted).
package final class ExecutionEnvironment: @unchecked Sendable {
    /// Which of a function's environments this is, from 0.
    package let index: Int
    package let eventLoop: any EventLoop
    package weak var delegate: (any ExecutionEnvironmentDelegate)?
    /// What is told of this environment, and to whom.
    package let log: EnvironmentLog

    let configuration: EnvironmentConfiguration
    let logger: Logger
    var machine: EnvironmentStateMachine<Invocation>
    lazy var runtimeAPI = RuntimeAPI(
        delegate: self, executedVersion: self.configuration.function.version, limits: self.configuration.limits,
        maxInvocations: self.configuration.maxInvocations)
    lazy var extensionsAPI = ExtensionsAPI(
        delegate: self, function: self.configuration.function, accountID: self.configuration.accountID,
        isEnabled: self.configuration.extensionFolder != nil)
    lazy var processes = EnvironmentProcesses(eventLoop: self.eventLoop, delegate: self)
    /// The same for all of the environment's processes, as on AWS.
    lazy var logStreamName = LogStreamName.make(version: self.configuration.function.version, now: EpochClock.now())
    private var listener: EventLoopFuture<HTTPServer>?
    var runtimeAPIAddress = ""
    /// The external extensions of this start.
    var extensionNames: [String] = []
    /// How often the environment was started: what an earlier start had asked for is not done to a later one.
    var startCount = 0

    var post: RuntimePost?
    var initError: FunctionReply?
    /// The invocation that `ended` has not been called for.
    private var running: (invocation: Invocation, since: NIODeadline)?
    private var runningFailure: EnvironmentFailure?
    /// What the runtime has answered the running invocation with, for its record.
    private var posted: (functionErrorType: String?, byteCount: Int?)?
    /// What the runtime is at work on, where it takes several invocations at a time.
    var invocations = ConcurrentInvocations<Invocation>()
    /// The invocation inside of which init runs, in such an environment.
    var invocationOfInit: (invocation: Invocation, since: NIODeadline)?
    var initStartedAt = NIODeadline.distantPast
    /// As its runtime has told, or the image before the first one has.
    var runtimeVersion: String?
    /// Told with the next invocation's end: the init that ran before it.
    var unreportedInitDuration: TimeAmount?
    var peakMemory = (byteCount: 0, readAt: NIODeadline.distantPast)
    lazy var runtimeMemory = RuntimeMemory()
    /// One timer serves all deadlines: it is only moved when it fires, since almost no invocation reaches its own.
    private var nextDeadlineCheck: NIODeadline?
    /// Milliseconds since 1970; of the shutdown that is under way.
    var shutdownDeadline: Int64 = 0
    var shutdownTimers: [Scheduled<Void>] = []
    private var closed: EventLoopPromise<Void>?

    /// - Parameters:
    ///   - index: Which of the function's environments this is, from 0; the first has the configured port.
    ///   - configuration: What to run, and how.
    ///   - eventLoop: Where everything happens.
    ///   - logger: For what goes on.
    ///   - output: Where lines go; one for all environments whose lines are to be in one order.
    package init(
        index: Int, configuration: EnvironmentConfiguration, eventLoop: any EventLoop, logger: Logger,
        output: LogWriter
    ) {
        self.index = index
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.logger = logger
        self.runtimeVersion = RuntimeRelease.text(
            executionEnvironment: configuration.variables.executionEnvironment)
        self.log = EnvironmentLog(configuration: configuration, writer: output, eventLoop: eventLoop, logger: logger)
        self.machine = EnvironmentStateMachine(
            initTimeout: configuration.initTimeout, invocationTimeout: configuration.invocationTimeout)
        self.log.telemetry.extensions = self.extensionsAPI
    }

    /// Whether init has failed, so that the next start needs an invocation to run in (contract 10.1).
    package var startsOnlyWithInvocation: Bool { self.machine.startsOnlyWithInvocation }

    /// Opens the Runtime API's listener, so that a port that is taken is known before anything depends on it.
    @discardableResult
    package func prepare() -> EventLoopFuture<Void> {
        self.eventLoop.assertInEventLoop()
        return self.openListener().map { _ in }
    }

    /// Starts init, if the environment is stopped.
    package func start() {
        self.eventLoop.assertInEventLoop()
        self.run(self.machine.start(now: .now()))
    }

    /// Runs an invocation: at once in an environment that is ready, inside its own init in one that is stopped.
    ///
    /// In any other state it is refused as a fault of the caller.
    package func invoke(_ invocation: Invocation) {
        self.eventLoop.assertInEventLoop()
        let now = NIODeadline.now()
        if self.isConcurrent { return self.invokeConcurrently(invocation, now: now) }
        guard let actions = self.machine.invoke(invocation, now: now) else {
            return self.refuse(invocation)
        }
        self.running = (invocation, now)
        // Where init comes first, its lines do as well.
        if !actions.open { self.log.began(invocation) }
        self.run(actions)
    }

    func refuse(_ invocation: Invocation) {
        invocation.complete(.refused(InvokeError(.service, "The execution environment is not ready.")))
    }

    /// Ends the processes, if the environment is ready; it can be started again.
    package func stop() {
        self.eventLoop.assertInEventLoop()
        self.run(self.machine.stop())
    }

    /// Ends the environment.
    ///
    /// Without extensions the runtime's process group is killed at once; with some, they and the runtime have up to two
    /// seconds (contract 7.6).
    ///
    /// - Returns: Succeeds when the processes are gone and the listener is closed.
    package func shutdown() -> EventLoopFuture<Void> {
        self.eventLoop.assertInEventLoop()
        if let closed = self.closed { return closed.futureResult }
        let promise = self.eventLoop.makePromise(of: Void.self)
        self.closed = promise
        self.failConcurrent(.shutdown)
        self.run(self.machine.shutdown())
        return promise.futureResult
    }

    func run(_ actions: EnvironmentActions<Invocation>) {
        if let failure = actions.initFailure { self.tellInitFailure(failure) }
        if let answer = actions.answer { self.answer(answer) }
        if let failure = actions.lateFailure { self.runningFailure = failure }
        if let failure = actions.lostTo { self.failConcurrent(failure) }
        if actions.initEnded { self.endInit() }
        if let signal = actions.signal { self.carryOut(signal) }
        if actions.open { self.open() }
        if actions.startExtensions { self.startExtensions() }
        if actions.startRuntime { self.startRuntime() }
        if let invocation = actions.deliver { self.deliver(invocation) }
        if let deadline = actions.checkDeadlineAt { self.checkDeadline(at: deadline) }
        if actions.waitForStragglers { self.waitForStragglers() }
        if let patience = actions.waitForReporter { self.waitForReporter(patience) }
        if let delay = actions.backOff { self.backOff(delay) }
        if actions.invocationEnded { self.endInvocation() }
        // Last: it may bring the next invocation.
        if let notice = actions.notice { self.tell(notice) }
    }

    private func answer(_ answer: EnvironmentActions<Invocation>.Answer) {
        switch answer.ending {
        case .posted:
            guard let post = self.post else { return }
            self.post = nil
            self.note(post, of: answer.invocation)
            answer.invocation.complete(self.withLogTail(post.outcome, answer.invocation))
        case .failed(let failure):
            self.runningFailure = failure
            answer.invocation.failure = failure
            let outcome = failure.outcome(
                requestID: answer.invocation.request.requestID, timeout: self.configuration.invocationTimeout,
                executedVersion: self.configuration.function.version, initError: self.initError)
            answer.invocation.complete(self.withLogTail(outcome, answer.invocation))
        }
    }

    private func note(_ post: RuntimePost, of invocation: Invocation) {
        // What has gone through a sink was not counted here.
        let isStreamed = invocation.sink != nil
        switch post.outcome {
        case .result(let reply), .functionError(let reply):
            self.posted = (post.errorType, isStreamed ? nil : reply.body.readableBytes)
        case .refused: break
        }
    }

    private func withLogTail(_ outcome: InvocationOutcome, _ invocation: Invocation) -> InvocationOutcome {
        guard invocation.request.wantsLogTail, let running = self.running else { return outcome }
        self.measureMemory(atMostEvery: .zero)
        return outcome.with(logTail: self.log.takeTail(self.record(of: running)))
    }

    private func deliver(_ invocation: Invocation) {
        guard let deadline = self.machine.deadline else { return }
        let now = NIODeadline.now()
        invocation.deliveredAt = now
        let remaining = deadline - now
        self.runtimeAPI.deliver(invocation, remaining: remaining)
        if self.extensionsAPI.hasInvokeSubscribers { self.tellExtensions(of: invocation, remaining: remaining) }
    }

    private func endInit() {
        let duration = NIODeadline.now() - self.initStartedAt
        if self.running == nil { self.unreportedInitDuration = duration }
        // The first invocation has more to show than init, however short it is.
        self.peakMemory.readAt = .distantPast
        self.log.initEnded(after: duration, extensions: self.extensionEvents())
        self.delegate?.environment(self, endedInitAfter: duration)
    }

    private func endInvocation() {
        guard let running = self.running else { return }
        self.running = nil
        if self.log.tellsOfInvocations { self.log.ended(self.record(of: running)) }
        self.unreportedInitDuration = nil
        self.runningFailure = nil
        self.posted = nil
    }

    /// An invocation as it stands now.
    private func record(of running: (invocation: Invocation, since: NIODeadline)) -> InvocationRecord {
        let request = running.invocation.request
        let elapsed = NIODeadline.now() - running.since
        return InvocationRecord(
            requestID: request.requestID, traceID: request.traceID,
            duration: self.runningFailure == .timedOut ? self.configuration.invocationTimeout : elapsed,
            initDuration: self.unreportedInitDuration, failure: self.runningFailure,
            functionErrorType: self.posted?.functionErrorType, producedByteCount: self.posted?.byteCount,
            peakMemoryByteCount: self.measuresMemory ? self.peakMemory.byteCount : nil)
    }

    /// Only where somebody is told of it.
    var measuresMemory: Bool {
        self.log.tellsOfInvocations || self.running?.invocation.request.wantsLogTail ?? self.isConcurrent
    }

    /// The invocation in which init runs.
    var initiatingInvocation: Invocation? { self.running?.invocation ?? self.invocationOfInit?.invocation }

    private func tellInitFailure(_ failure: EnvironmentFailure) {
        self.log.initFailed(failure, after: .now() - self.initStartedAt, extensions: self.extensionEvents(failure))
        self.failConcurrent(failure == .initTimedOut ? .timedOut : failure)
        self.delegate?.environment(self, failedInit: failure)
    }

    private func tell(_ notice: EnvironmentActions<Invocation>.Notice) {
        if notice == .stopped || notice == .closed {
            self.cancelShutdownTimers()
            self.runtimeAPI.processEnded()
            self.extensionsAPI.environmentEnded()
            self.log.processesEnded()
        }
        if notice == .closed { self.closeListener() }
        if notice == .ready, self.continueAfterInit() { return }
        self.delegate?.environment(self, became: notice)
    }
}

// MARK: - Deadlines

extension ExecutionEnvironment {
    func checkDeadline(at deadline: NIODeadline) {
        if let next = self.nextDeadlineCheck, next <= deadline { return }
        self.nextDeadlineCheck = deadline
        self.eventLoop.scheduleTask(deadline: deadline) {
            // One that was overtaken by an earlier check has nothing to add: that one has looked further.
            guard self.nextDeadlineCheck == deadline else { return }
            self.nextDeadlineCheck = nil
            let now = NIODeadline.now()
            self.run(self.machine.deadlinePassed(now: now))
            if self.isConcurrent { self.concurrentDeadlinePassed(now: now) }
        }
    }

    private func backOff(_ delay: TimeAmount) {
        self.cancelShutdownTimers()
        self.eventLoop.scheduleTask(in: delay) { self.run(self.machine.backOffElapsed()) }
    }

    /// Lets the loop read what a dead process had sent: its answer may lie in a socket's buffer, or its connection in
    /// the listener's queue, which takes a turn to accept, one to read from, and one to be sure.
    private func waitForStragglers() {
        LoopTurns.wait(3, on: self.eventLoop) { self.run(self.machine.stragglersElapsed()) }
    }
}

// MARK: - The listener

extension ExecutionEnvironment {
    /// No time-out of any kind: runtimes and extensions wait for hours over one connection (contract 4.3).
    static var listenerLimits: HTTPServerConfiguration {
        var http = HTTPServerConfiguration(idleTimeout: nil, headTimeout: nil, bodyTimeout: nil)
        // Python's and Java's runtimes put stack traces of up to 1 MiB into a header field (contract 4.5).
        http.maxHeadByteCount = 1536 * 1024
        // A runtime that ends after its answer must be noticed as gone, not as one that only listens.
        http.allowsHalfClosure = false
        // A response of 6 MB in half as many reads (Benchmarks, "Large events").
        http.maxReadByteCount = 128 * 1024
        return http
    }

    /// The listener outlives the processes: a restart has the same address.
    func openListener() -> EventLoopFuture<HTTPServer> {
        if let listener = self.listener { return listener }
        let listener = HTTPServer.bind(
            host: self.configuration.runtimeAPIHost, port: self.index == 0 ? self.configuration.runtimeAPIPort : 0,
            configuration: Self.listenerLimits, eventLoop: self.eventLoop, logger: self.logger
        ) { exchange in self.handle(exchange) }
        self.listener = listener
        // What failed once may work at the next start.
        listener.whenFailure { _ in self.listener = nil }
        return listener
    }

    /// The Runtime API comes first: it stands on the way of every invocation.
    private func handle(_ exchange: HTTPExchange) {
        if self.runtimeAPI.handle(exchange) || self.extensionsAPI.handle(exchange) { return }
        if !self.log.telemetry.handle(exchange) { exchange.reject(.notFound) }
    }

    private func closeListener() {
        let closed = self.closed
        let listener = self.listener?.flatMap { $0.close() } ?? self.eventLoop.makeSucceededVoidFuture()
        listener.whenComplete { _ in closed?.succeed(()) }
    }
}

// MARK: - The Runtime API

extension ExecutionEnvironment: RuntimeAPIDelegate {
    package func runtimeBecameReady() {
        if self.isConcurrent, self.machine.isReady { return self.delegate?.environment(self, became: .ready) ?? () }
        if self.machine.isInitialising {
            self.runtimeMemory.look()
            self.extensionsAPI.closeRegistration()
            if let release = self.runtimeAPI.release, !release.isEmpty { self.runtimeVersion = release }
            self.log.initRuntimeDone()
        } else if self.log.telemetry.isActive, let running = self.running {
            self.log.runtimeDone(self.record(of: running))
        }
        self.measureMemory()
        self.run(self.machine.runtimeBecameReady())
    }

    package func runtimePostStarted() {
        self.machine.postStarted()
    }

    package func runtimePosted(_ post: RuntimePost, id: Substring) {
        if self.isConcurrent { return self.posted(post, id: String(id)) }
        if post.isTruncated, self.running?.invocation.sink == nil, self.processes.runtimeIsEnding {
            return self.run(self.machine.postLost())
        }
        self.post = post
        self.run(self.machine.postFinished(isTruncated: post.isTruncated))
    }

    package func runtimePostedInitError(_ document: FunctionReply, errorType: String) {
        self.initError = document
        self.run(self.machine.initErrorReceived(type: errorType))
    }
}
