import LambdaFunction
import NIOCore
import Testing

@Suite struct EventSchedulingTests {
    typealias Scheduler = InvocationScheduler<String>

    func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(1_000_000_000) + .seconds(seconds) }

    /// A scheduler whose environments are all ready.
    private func ready(_ environments: Int, events: Int? = nil) -> Scheduler {
        var scheduler = Scheduler(
            limits: .init(
                maxEnvironments: environments, minEnvironments: environments, maxEvents: events ?? .max,
                maxWaiting: 10))
        while let environment = scheduler.startEarly() {
            _ = scheduler.environmentBecameReady(environment, now: self.at(0))
        }
        return scheduler
    }

    private func call(_ name: String, _ scheduler: inout Scheduler) -> Scheduler.ArrivalAction {
        scheduler.invocationArrived(name, startDeadline: nil, now: self.at(0))
    }

    private func event(
        _ name: String, _ scheduler: inout Scheduler, deadline: NIODeadline? = nil
    ) -> Scheduler.ArrivalAction {
        scheduler.eventArrived(name, startDeadline: deadline, now: self.at(0))
    }

    @Test func anEventRunsInAFreeEnvironment() {
        var scheduler = self.ready(1)
        #expect(self.event("e", &scheduler) == .run(on: 0))
        #expect(!scheduler.isQuiet)
    }

    @Test func aCallerWhoCameLaterGoesFirst() {
        var scheduler = self.ready(1)
        #expect(self.call("a", &scheduler) == .run(on: 0))
        #expect(self.event("e", &scheduler) == .wait(starting: nil, checkAt: nil))
        #expect(self.call("b", &scheduler) == .wait(starting: nil, checkAt: nil))
        #expect(scheduler.environmentBecameReady(0, now: self.at(1)).run?.waiter == "b")
        #expect(scheduler.environmentBecameReady(0, now: self.at(2)).run?.waiter == "e")
        #expect(scheduler.environmentBecameReady(0, now: self.at(3)).run == nil)
        #expect(scheduler.isQuiet)
    }

    @Test func aCallerGoesFirstThroughAColdStartToo() {
        var scheduler = Scheduler(limits: .init(maxEnvironments: 2, maxWaiting: 10))
        #expect(self.event("e", &scheduler) == .wait(starting: 0, checkAt: nil))
        #expect(self.call("a", &scheduler) == .wait(starting: 1, checkAt: nil))
        #expect(scheduler.environmentBecameReady(0, now: self.at(1)).run?.waiter == "a")
        #expect(scheduler.environmentBecameReady(1, now: self.at(1)).run?.waiter == "e")
    }

    @Test func eventsLeaveCallersTheirShare() {
        var scheduler = self.ready(3, events: 2)
        #expect(self.event("1", &scheduler) == .run(on: 2))
        #expect(self.event("2", &scheduler) == .run(on: 1))
        #expect(self.event("3", &scheduler) == .wait(starting: nil, checkAt: nil))
        #expect(self.call("a", &scheduler) == .run(on: 0))
        // A caller's environment that is free again is not for events, while as many run as may.
        #expect(scheduler.environmentBecameReady(0, now: self.at(1)).run == nil)
        #expect(self.call("b", &scheduler) == .run(on: 0))
        #expect(scheduler.eventEnded(now: self.at(2)).run == nil)
        #expect(scheduler.environmentBecameReady(1, now: self.at(2)).run?.waiter == "3")
    }

    @Test func noEnvironmentIsStartedForAnEventThatMayNotRun() {
        var scheduler = Scheduler(limits: .init(maxEnvironments: 2, maxEvents: 1, maxWaiting: 10))
        #expect(self.event("1", &scheduler) == .wait(starting: 0, checkAt: nil))
        #expect(scheduler.environmentBecameReady(0, now: self.at(0)).run?.waiter == "1")
        #expect(self.event("2", &scheduler) == .wait(starting: nil, checkAt: nil))
    }

    @Test func whenAnEventEndsTheNextRunsWhereCallersHaveAnEnvironmentToSpare() {
        var scheduler = self.ready(2, events: 1)
        #expect(self.event("1", &scheduler) == .run(on: 1))
        #expect(self.event("2", &scheduler) == .wait(starting: nil, checkAt: nil))
        // Its runtime has crashed, and starts anew.
        let actions = scheduler.eventEnded(now: self.at(1))
        #expect(actions.run?.waiter == "2")
        #expect(actions.run?.environment == 0)
        #expect(scheduler.environmentStopped(1, needsInvocation: false, now: self.at(1)).run == nil)
        // It is started already.
        #expect(self.call("a", &scheduler) == .wait(starting: nil, checkAt: nil))
    }

    @Test func eventsShareAnEnvironmentThatTakesSeveralInvocations() {
        var scheduler = Scheduler(
            limits: .init(maxEnvironments: 1, slotsPerEnvironment: 3, maxEvents: 2, maxWaiting: 10))
        #expect(self.event("1", &scheduler) == .wait(starting: 0, checkAt: nil))
        #expect(self.event("2", &scheduler) == .wait(starting: nil, checkAt: nil))
        #expect(self.event("3", &scheduler) == .wait(starting: nil, checkAt: nil))
        #expect(scheduler.environmentBecameReady(0, now: self.at(0)).run?.waiter == "1")
        #expect(scheduler.environmentBecameReady(0, now: self.at(0)).run?.waiter == "2")
        #expect(scheduler.environmentBecameReady(0, now: self.at(0)).run == nil)
        #expect(self.call("a", &scheduler) == .run(on: 0))
    }

    @Test func anEnvironmentWhoseInitFailedIsStartedWithAnEventAsWithACall() {
        var scheduler = Scheduler(limits: .init(maxEnvironments: 1, maxWaiting: 10))
        #expect(self.event("1", &scheduler) == .wait(starting: 0, checkAt: nil))
        #expect(scheduler.environmentStopped(0, needsInvocation: true, now: self.at(1)).run?.waiter == "1")
        #expect(scheduler.eventEnded(now: self.at(2)).run == nil)
        _ = scheduler.environmentStopped(0, needsInvocation: true, now: self.at(2))
        #expect(self.event("2", &scheduler) == .run(on: 0))
    }

    @Test func anEventThatGetsTooOldWhileItWaitsIsRefused() {
        var scheduler = self.ready(1)
        #expect(self.call("a", &scheduler) == .run(on: 0))
        #expect(self.event("e", &scheduler, deadline: self.at(5)) == .wait(starting: nil, checkAt: self.at(5)))
        #expect(scheduler.tick(now: self.at(4)).checkAt == self.at(5))
        let actions = scheduler.tick(now: self.at(5))
        #expect(actions.refuse.map(\.waiter) == ["e"])
        #expect(actions.refuse.map(\.refusal) == [.expired])
    }

    @Test func aDrainTakesNoEventsAndTheOnesThatWaitCanBeGivenBack() {
        var scheduler = self.ready(1)
        #expect(self.call("a", &scheduler) == .run(on: 0))
        #expect(self.event("e", &scheduler) == .wait(starting: nil, checkAt: nil))
        scheduler.drain()
        #expect(self.event("f", &scheduler) == .refuse(.draining))
        #expect(scheduler.removeWaitingEvents() == ["e"])
        #expect(scheduler.environmentBecameReady(0, now: self.at(1)).run == nil)
        #expect(scheduler.isQuiet)
    }
}
