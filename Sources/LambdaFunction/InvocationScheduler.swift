internal import DequeModule
package import NIOCore

/// Which environment runs which invocation, and which invocations wait.
///
/// Pure.
///
/// Environments are numbers from 0. An invocation that waits is taken by whichever environment is ready first; of
/// several that are ready the one used last is used again, so that the others may go.
///
/// An event, for whose answer nobody waits, never runs before an invocation whose caller does, and events take no more
/// than their share.
package struct InvocationScheduler<Waiter> {
    /// Bounds of what may run and wait.
    package struct Limits: Sendable {
        /// Environments at most.
        package var maxEnvironments: Int
        /// Invocations that one environment takes at a time.
        package var slotsPerEnvironment: Int
        /// Environments that are started before they are needed, and not stopped for being idle.
        package var minEnvironments: Int
        /// Events that run at a time at most; what is left is kept for callers who wait.
        package var maxEvents: Int
        /// Invocations that may wait while every environment is busy; further ones are refused.
        package var maxWaiting: Int
        /// How long one may wait; `nil`: for ever.
        package var maxWaitingTime: TimeAmount?
        /// After how long without an invocation an environment is stopped; `nil`: never.
        package var idleTimeout: TimeAmount?

        package init(
            maxEnvironments: Int, slotsPerEnvironment: Int = 1, minEnvironments: Int = 0, maxEvents: Int = .max,
            maxWaiting: Int, maxWaitingTime: TimeAmount? = nil, idleTimeout: TimeAmount? = nil
        ) {
            self.maxEnvironments = maxEnvironments
            self.slotsPerEnvironment = max(1, slotsPerEnvironment)
            self.minEnvironments = min(minEnvironments, maxEnvironments)
            self.maxEvents = maxEvents
            self.maxWaiting = maxWaiting
            self.maxWaitingTime = maxWaitingTime
            self.idleTimeout = idleTimeout
        }
    }

    /// Why an invocation is not run.
    package enum Refusal: Equatable {
        /// Its start deadline has passed.
        case expired
        /// Too many wait, or it has waited too long.
        case noRoom
        /// No more invocations are taken.
        case draining
    }

    /// The answer to an arrival.
    package enum ArrivalAction: Equatable {
        /// Run it there now: the environment is ready, or has to be started with it.
        case run(on: Int)
        /// It waits. Start `starting` (without it), and call `tick` at `checkAt`.
        case wait(starting: Int?, checkAt: NIODeadline?)
        case refuse(Refusal)
    }

    /// What follows from something that happened to an environment, or from time.
    package struct Actions {
        package var run: (waiter: Waiter, environment: Int)?
        /// Environments to start without an invocation.
        package var start: Int?
        /// Environments to stop.
        package var stop: [Int] = []
        package var refuse: [(waiter: Waiter, refusal: Refusal)] = []
        package var checkAt: NIODeadline?
    }

    private enum EnvironmentState {
        /// Can transition to: `starting`, or `serving` with an invocation to be started with.
        case stopped(needsInvocation: Bool)
        /// It will be ready, or stopped. Can transition to: `serving`, `stopped`.
        case starting
        /// So many invocations run in it. Can transition to: `leaving`, `stopped`.
        case serving(busy: Int)
        /// Its processes end, for which extensions may have seconds: another one is started meanwhile.
        /// Can transition to: `stopped`.
        case leaving
    }

    private struct Waiting {
        let waiter: Waiter
        let refuseAt: NIODeadline?
        let refusal: Refusal
        /// It goes before those that do not.
        var isFirst = false
    }

    private let limits: Limits
    private var states: [EnvironmentState]
    /// A stack of free slots: the last is the one used last.
    ///
    /// Their times only grow.
    private var idle: [(environment: Int, since: NIODeadline)] = []
    private var waiting: Deque<Waiting> = []
    private var waitingEvents: Deque<Waiting> = []
    /// Events that run.
    private var eventCount = 0
    /// Invocations that run.
    private var busyCount = 0
    private var stoppedCount: Int
    private var startingCount = 0
    private var leavingCount = 0
    private var isDraining = false

    package init(limits: Limits) {
        self.limits = limits
        self.states = Array(repeating: .stopped(needsInvocation: false), count: max(1, limits.maxEnvironments))
        self.stoppedCount = self.states.count
    }

    /// How many more invocations could run now without another one waiting.
    package var freeSlots: Int {
        let slots = self.states.count * self.limits.slotsPerEnvironment
        return self.isDraining ? 0 : max(0, slots - self.busyCount - self.waiting.count)
    }

    package var waitingCount: Int { self.waiting.count }

    /// What is not busy will take as many of those that wait: they wait for its start only.
    private var comingSlots: Int {
        max(0, self.states.count * self.limits.slotsPerEnvironment - self.busyCount)
    }

    /// What is going on, for whoever looks.
    package var status: FunctionStatus {
        var status = FunctionStatus()
        status.running = self.busyCount
        status.waitingCalls = self.waiting.count
        status.waitingEvents = self.waitingEvents.count
        status.slots = self.states.count * self.limits.slotsPerEnvironment
        status.freeSlots = self.freeSlots
        status.startingEnvironments = self.startingCount
        status.stoppedEnvironments = self.stoppedCount
        status.leavingEnvironments = self.leavingCount
        status.servingEnvironments =
            self.states.count - self.startingCount - self.stoppedCount - self.leavingCount
        return status
    }

    /// Nothing runs and nothing waits.
    package var isQuiet: Bool { self.busyCount == 0 && self.waiting.isEmpty && self.waitingEvents.isEmpty }

    /// An invocation is to be run.
    ///
    /// - Parameters:
    ///   - makeWaiter: Called only if it has to wait.
    ///   - startDeadline: The last moment at which its caller still wants it to start.
    ///   - isFirst: Where it has to wait, it goes before those that do not.
    ///   - now: The present.
    /// - Returns: Where it runs, that it waits, or why it is refused.
    package mutating func invocationArrived(
        _ makeWaiter: @autoclosure () -> Waiter, startDeadline: NIODeadline?, isFirst: Bool = false, now: NIODeadline
    ) -> ArrivalAction {
        guard !self.isDraining else { return .refuse(.draining) }
        if let startDeadline, startDeadline <= now { return .refuse(.expired) }
        if let environment = self.idle.popLast()?.environment ?? self.stoppedEnvironment(needingInvocation: true) {
            self.occupy(environment)
            return .run(on: environment)
        }
        guard self.waiting.count < self.limits.maxWaiting + self.comingSlots else { return .refuse(.noRoom) }
        var waiting = self.makeWaiting(makeWaiter(), startDeadline: startDeadline, now: now)
        waiting.isFirst = isFirst
        let place = isFirst ? self.waiting.firstIndex { !$0.isFirst } : nil
        self.waiting.insert(waiting, at: place ?? self.waiting.endIndex)
        return .wait(starting: self.startIfNeeded(), checkAt: waiting.refuseAt)
    }

    /// An event is to be run, once no caller waits and not too many events run.
    ///
    /// How many may wait is up to whoever hands them over.
    ///
    /// - Parameters:
    ///   - makeWaiter: Called only if it has to wait.
    ///   - startDeadline: When it is too old to be started.
    ///   - now: The present.
    /// - Returns: Where it runs, that it waits, or why it is refused.
    package mutating func eventArrived(
        _ makeWaiter: @autoclosure () -> Waiter, startDeadline: NIODeadline?, now: NIODeadline
    ) -> ArrivalAction {
        guard !self.isDraining else { return .refuse(.draining) }
        if let startDeadline, startDeadline <= now { return .refuse(.expired) }
        if self.waiting.isEmpty, self.waitingEvents.isEmpty, self.eventCount < self.limits.maxEvents,
            let environment = self.idle.popLast()?.environment ?? self.stoppedEnvironment(needingInvocation: true)
        {
            self.eventCount += 1
            self.occupy(environment)
            return .run(on: environment)
        }
        self.waitingEvents.append(Waiting(waiter: makeWaiter(), refuseAt: startDeadline, refusal: .expired))
        return .wait(starting: self.startIfNeeded(), checkAt: startDeadline)
    }

    /// An event that ran has its outcome; its environment may have things to do still.
    ///
    /// - Returns: What to run instead, where callers leave an environment unused.
    package mutating func eventEnded(now: NIODeadline) -> Actions {
        var actions = Actions()
        self.eventCount -= 1
        if self.waiting.isEmpty, let idle = self.idle.last?.environment, self.runEvent(on: idle, now: now, &actions) {
            self.idle.removeLast()
        }
        return actions
    }

    /// An environment to be started before there is an invocation for it: as many as are to be kept warm.
    ///
    /// Ask again until there is none.
    package mutating func startEarly() -> Int? {
        guard !self.isDraining, self.aliveCount < self.limits.minEnvironments,
            let environment = self.stoppedEnvironment(needingInvocation: false)
        else { return nil }
        self.become(.starting, environment)
        return environment
    }

    private var aliveCount: Int { self.states.count - self.stoppedCount - self.leavingCount }

    /// Init is done, or the runtime has asked for the next event: one more invocation can be run in it.
    ///
    /// Where an environment takes one at a time, this is the end of the one before.
    package mutating func environmentBecameReady(_ environment: Int, now: NIODeadline) -> Actions {
        var actions = Actions()
        if self.limits.slotsPerEnvironment == 1 || !self.isServing(environment) {
            self.become(.serving(busy: 0), environment)
        }
        if let waiter = self.nextWaiter(now: now, &actions) {
            self.occupy(environment)
            actions.run = (waiter, environment)
        } else if !self.runEvent(on: environment, now: now, &actions) {
            self.idle.append((environment, now))
            if let idleTimeout = self.limits.idleTimeout { actions.checkAt = now + idleTimeout }
        }
        return actions
    }

    /// An invocation is over, in an environment that takes several at a time.
    ///
    /// What ran it may ask for more, or not: then the slot is lost.
    package mutating func invocationEnded(_ environment: Int) {
        guard case .serving(let busy) = self.states[environment], busy > 0 else { return }
        self.become(.serving(busy: busy - 1), environment)
    }

    /// The process of an environment has ended; it will be stopped soon.
    package mutating func environmentLost(_ environment: Int) {
        self.idle.removeAll { $0.environment == environment }
        self.become(.leaving, environment)
    }

    /// It has no process and may be started.
    ///
    /// - Parameters:
    ///   - environment: Which.
    ///   - needsInvocation: Its init has failed: it is started only together with an invocation.
    ///   - now: The present.
    /// - Returns: What to start in it.
    package mutating func environmentStopped(
        _ environment: Int, needsInvocation: Bool, now: NIODeadline
    ) -> Actions {
        self.idle.removeAll { $0.environment == environment }
        self.become(.stopped(needsInvocation: needsInvocation), environment)
        var actions = Actions()
        if needsInvocation {
            if let waiter = self.nextWaiter(now: now, &actions) {
                self.occupy(environment)
                actions.run = (waiter, environment)
            } else {
                _ = self.runEvent(on: environment, now: now, &actions)
            }
        } else {
            actions.start = self.startIfNeeded() ?? self.startEarly()
        }
        return actions
    }

    /// Refuses what has waited too long, and stops what has been idle too long.
    package mutating func tick(now: NIODeadline) -> Actions {
        var actions = Actions()
        self.refuseOverdue(now: now, &actions)
        self.stopIdle(now: now, &actions)
        let nextRefusal = self.waiting.lazy.compactMap(\.refuseAt).min()
        let nextEventRefusal = self.waitingEvents.lazy.compactMap(\.refuseAt).min()
        actions.checkAt = [nextRefusal, nextEventRefusal, self.nextStop].compactMap { $0 }.min()
        return actions
    }

    /// Takes no more invocations; those that wait are still run.
    package mutating func drain() {
        self.isDraining = true
    }

    /// The invocation that waits longest of those for which no slot is in sight, and which are meant.
    package func oldestSurplus(where isMeant: (Waiter) -> Bool) -> Waiter? {
        self.waiting.dropFirst(self.comingSlots).first { isMeant($0.waiter) }?.waiter
    }

    /// Forgets invocations that wait; not events.
    ///
    /// - Parameters:
    ///   - onlySurplus: Leaves those for which an environment is being started.
    ///   - isMeant: Which.
    /// - Returns: Those that are forgotten, oldest first.
    package mutating func takeBack(onlySurplus: Bool, where isMeant: (Waiter) -> Bool) -> [Waiter] {
        var kept = onlySurplus ? self.comingSlots : 0
        var taken: [Waiter] = []
        self.waiting.removeAll { waiting in
            if kept > 0 {
                kept -= 1
                return false
            }
            guard isMeant(waiting.waiter) else { return false }
            taken.append(waiting.waiter)
            return true
        }
        return taken
    }

    /// Forgets what waits.
    package mutating func removeWaiting() -> [Waiter] {
        defer { self.waiting.removeAll() }
        return self.waiting.map(\.waiter) + self.removeWaitingEvents()
    }

    /// Forgets the events that wait.
    package mutating func removeWaitingEvents() -> [Waiter] {
        defer { self.waitingEvents.removeAll() }
        return self.waitingEvents.map(\.waiter)
    }

    private func makeWaiting(_ waiter: Waiter, startDeadline: NIODeadline?, now: NIODeadline) -> Waiting {
        let limit = self.limits.maxWaitingTime.map { now + $0 }
        if let startDeadline, startDeadline <= limit ?? startDeadline {
            return Waiting(waiter: waiter, refuseAt: startDeadline, refusal: .expired)
        }
        return Waiting(waiter: waiter, refuseAt: limit, refusal: .noRoom)
    }

    private mutating func nextWaiter(now: NIODeadline, _ actions: inout Actions) -> Waiter? {
        while let next = self.waiting.popFirst() {
            guard let refuseAt = next.refuseAt, refuseAt <= now else { return next.waiter }
            actions.refuse.append((next.waiter, next.refusal))
        }
        return nil
    }

    /// Runs the next event in an environment that has room, where not too many run.
    private mutating func runEvent(on environment: Int, now: NIODeadline, _ actions: inout Actions) -> Bool {
        while self.eventCount < self.limits.maxEvents, let next = self.waitingEvents.popFirst() {
            guard let refuseAt = next.refuseAt, refuseAt <= now else {
                self.eventCount += 1
                self.occupy(environment)
                actions.run = (next.waiter, environment)
                return true
            }
            actions.refuse.append((next.waiter, next.refusal))
        }
        return false
    }

    private mutating func refuseOverdue(now: NIODeadline, _ actions: inout Actions) {
        func isOverdue(_ waiting: Waiting) -> Bool {
            guard let refuseAt = waiting.refuseAt, refuseAt <= now else { return false }
            actions.refuse.append((waiting.waiter, waiting.refusal))
            return true
        }
        self.waiting.removeAll(where: isOverdue)
        self.waitingEvents.removeAll(where: isOverdue)
    }

    private mutating func stopIdle(now: NIODeadline, _ actions: inout Actions) {
        while let nextStop = self.nextStop, nextStop <= now, let environment = self.longestIdle?.environment {
            self.idle.removeAll { $0.environment == environment }
            self.become(.leaving, environment)
            actions.stop.append(environment)
        }
    }

    /// When the environment that was idle longest is to be stopped; `nil` while all are to be kept.
    private var nextStop: NIODeadline? {
        guard let idleTimeout = self.limits.idleTimeout, self.aliveCount > self.limits.minEnvironments else { return nil }
        return self.longestIdle.map { $0.since + idleTimeout }
    }

    /// The environment in which nothing has run for longest.
    private var longestIdle: (environment: Int, since: NIODeadline)? {
        if self.limits.slotsPerEnvironment == 1 { return self.idle.first }
        var lastUse: [Int: NIODeadline] = [:]
        for slot in self.idle {
            if case .serving(busy: 0) = self.states[slot.environment] { lastUse[slot.environment] = slot.since }
        }
        return lastUse.min { $0.value < $1.value }.map { ($0.key, $0.value) }
    }

    /// One more environment, where more invocations wait than environments are on their way.
    private mutating func startIfNeeded() -> Int? {
        let startableEvents = min(self.waitingEvents.count, self.limits.maxEvents - self.eventCount)
        guard self.waiting.count + startableEvents > self.startingCount * self.limits.slotsPerEnvironment,
            let environment = self.stoppedEnvironment(needingInvocation: false)
        else { return nil }
        self.become(.starting, environment)
        return environment
    }

    private func stoppedEnvironment(needingInvocation: Bool) -> Int? {
        guard self.stoppedCount > 0 else { return nil }
        return self.states.firstIndex {
            if case .stopped(let needsInvocation) = $0 { needsInvocation == needingInvocation } else { false }
        }
    }

    private func isServing(_ environment: Int) -> Bool {
        if case .serving = self.states[environment] { true } else { false }
    }

    /// One more invocation runs in it, or is what it is started with.
    private mutating func occupy(_ environment: Int) {
        if case .serving(let busy) = self.states[environment] {
            self.become(.serving(busy: busy + 1), environment)
        } else {
            self.become(.serving(busy: 1), environment)
        }
    }

    private mutating func become(_ state: EnvironmentState, _ environment: Int) {
        self.count(self.states[environment], -1)
        self.states[environment] = state
        self.count(state, 1)
    }

    private mutating func count(_ state: EnvironmentState, _ sign: Int) {
        switch state {
        case .serving(let busy): self.busyCount += sign * busy
        case .stopped: self.stoppedCount += sign
        case .starting: self.startingCount += sign
        case .leaving: self.leavingCount += sign
        }
    }
}
