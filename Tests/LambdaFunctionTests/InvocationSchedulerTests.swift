import LambdaFunction
import NIOCore
import Testing

@Suite struct InvocationSchedulerTests {
    typealias Scheduler = InvocationScheduler<String>

    func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(1_000_000_000) + .seconds(seconds) }

    func scheduler(
        _ environments: Int = 1, slots: Int = 1, warm: Int = 0, waiting: Int = 10, waitingTime: TimeAmount? = nil, idle: TimeAmount? = nil
    ) -> Scheduler {
        Scheduler(
            limits: .init(
                maxEnvironments: environments, slotsPerEnvironment: slots, minEnvironments: warm, maxWaiting: waiting, maxWaitingTime: waitingTime,
                idleTimeout: idle))
    }

    func arrive(
        _ name: String, _ scheduler: inout Scheduler, deadline: NIODeadline? = nil, now: Int64 = 0
    ) -> Scheduler.ArrivalAction {
        scheduler.invocationArrived(name, startDeadline: deadline, now: self.at(now))
    }

    /// One environment, ready.
    func ready(_ scheduler: Scheduler) -> Scheduler {
        var scheduler = scheduler
        #expect(self.arrive("first", &scheduler) == .wait(starting: 0, checkAt: nil))
        #expect(scheduler.environmentBecameReady(0, now: self.at(0)).run?.waiter == "first")
        #expect(scheduler.environmentBecameReady(0, now: self.at(0)).run == nil)
        return scheduler
    }

    @Test func theFirstInvocationStartsAnEnvironmentAndRunsWhenItIsReady() {
        var scheduler = self.scheduler()
        #expect(self.arrive("a", &scheduler) == .wait(starting: 0, checkAt: nil))
        let actions = scheduler.environmentBecameReady(0, now: self.at(1))
        #expect(actions.run?.waiter == "a")
        #expect(actions.run?.environment == 0)
    }

    @Test func anEnvironmentStartedEarlyTakesTheFirstInvocationAtOnce() {
        var scheduler = self.scheduler(3, warm: 1)
        #expect(scheduler.startEarly() == 0)
        #expect(scheduler.startEarly() == nil)
        #expect(scheduler.environmentBecameReady(0, now: self.at(1)).run == nil)
        #expect(self.arrive("a", &scheduler) == .run(on: 0))
    }

    @Test func warmEnvironmentsAreKeptAndTheOthersStopped() {
        var scheduler = self.scheduler(3, warm: 1, idle: .seconds(10))
        #expect(scheduler.startEarly() == 0)
        _ = scheduler.environmentBecameReady(0, now: self.at(0))
        #expect(self.arrive("a", &scheduler) == .run(on: 0))
        #expect(self.arrive("b", &scheduler) == .wait(starting: 1, checkAt: nil))
        _ = scheduler.environmentBecameReady(1, now: self.at(1))
        _ = scheduler.environmentBecameReady(1, now: self.at(2))
        _ = scheduler.environmentBecameReady(0, now: self.at(3))
        let actions = scheduler.tick(now: self.at(100))
        #expect(actions.stop == [1])
        // The last one may stay for ever: nothing has to look at it again.
        #expect(actions.checkAt == nil)
        #expect(scheduler.environmentStopped(1, needsInvocation: false, now: self.at(101)).start == nil)
    }

    @Test func aWarmEnvironmentThatIsLostIsStartedAgain() {
        var scheduler = self.scheduler(2, warm: 1)
        #expect(scheduler.startEarly() == 0)
        _ = scheduler.environmentBecameReady(0, now: self.at(0))
        scheduler.environmentLost(0)
        #expect(scheduler.environmentStopped(0, needsInvocation: false, now: self.at(1)).start == 0)
        // One that cannot start waits for an invocation instead of spinning.
        #expect(scheduler.environmentStopped(0, needsInvocation: true, now: self.at(2)).start == nil)
    }

    @Test func anEnvironmentOfSeveralSlotsRunsAsMany() {
        var scheduler = self.scheduler(2, slots: 2)
        #expect(self.arrive("a", &scheduler) == .wait(starting: 0, checkAt: nil))
        // The one that starts will take both.
        #expect(self.arrive("b", &scheduler) == .wait(starting: nil, checkAt: nil))
        #expect(self.arrive("c", &scheduler) == .wait(starting: 1, checkAt: nil))
        #expect(scheduler.environmentBecameReady(0, now: self.at(1)).run?.waiter == "a")
        #expect(scheduler.environmentBecameReady(0, now: self.at(1)).run?.waiter == "b")
        #expect(scheduler.freeSlots == 1)
        #expect(scheduler.environmentBecameReady(1, now: self.at(1)).run?.waiter == "c")
        scheduler.invocationEnded(0)
        #expect(scheduler.freeSlots == 2)
        #expect(scheduler.environmentBecameReady(0, now: self.at(2)).run == nil)
        #expect(self.arrive("d", &scheduler) == .run(on: 0))
    }

    @Test func anEnvironmentOfSeveralSlotsIsStoppedWhenAllOfThemAreIdle() {
        var scheduler = self.scheduler(1, slots: 2, idle: .seconds(10))
        #expect(self.arrive("a", &scheduler) == .wait(starting: 0, checkAt: nil))
        #expect(scheduler.environmentBecameReady(0, now: self.at(0)).run?.waiter == "a")
        _ = scheduler.environmentBecameReady(0, now: self.at(0))
        #expect(scheduler.tick(now: self.at(20)).stop == [])
        scheduler.invocationEnded(0)
        #expect(scheduler.isQuiet)
        _ = scheduler.environmentBecameReady(0, now: self.at(21))
        #expect(scheduler.tick(now: self.at(30)).stop == [])
        #expect(scheduler.tick(now: self.at(31)).stop == [0])
    }

    @Test func whatRanInALostEnvironmentOfSeveralSlotsIsOver() {
        var scheduler = self.scheduler(1, slots: 2)
        #expect(self.arrive("a", &scheduler) == .wait(starting: 0, checkAt: nil))
        _ = scheduler.environmentBecameReady(0, now: self.at(0))
        _ = scheduler.environmentBecameReady(0, now: self.at(0))
        scheduler.environmentLost(0)
        #expect(scheduler.isQuiet)
        scheduler.invocationEnded(0)
        #expect(self.arrive("b", &scheduler) == .wait(starting: nil, checkAt: nil))
        #expect(scheduler.environmentStopped(0, needsInvocation: false, now: self.at(1)).start == 0)
    }

    @Test func anInvocationRunsAtOnceWhereAnEnvironmentIsIdle() {
        var scheduler = self.ready(self.scheduler())
        #expect(self.arrive("a", &scheduler) == .run(on: 0))
        #expect(scheduler.waitingCount == 0)
    }

    @Test func waitingInvocationsRunInTheOrderOfTheirArrival() {
        var scheduler = self.ready(self.scheduler())
        #expect(self.arrive("a", &scheduler) == .run(on: 0))
        #expect(self.arrive("b", &scheduler) == .wait(starting: nil, checkAt: nil))
        #expect(self.arrive("c", &scheduler) == .wait(starting: nil, checkAt: nil))
        #expect(scheduler.environmentBecameReady(0, now: self.at(1)).run?.waiter == "b")
        #expect(scheduler.environmentBecameReady(0, now: self.at(1)).run?.waiter == "c")
        #expect(scheduler.environmentBecameReady(0, now: self.at(1)).run == nil)
    }

    @Test func eachWaitingInvocationStartsOneEnvironmentUpToTheLimit() {
        var scheduler = self.scheduler(2)
        #expect(self.arrive("a", &scheduler) == .wait(starting: 0, checkAt: nil))
        #expect(self.arrive("b", &scheduler) == .wait(starting: 1, checkAt: nil))
        #expect(self.arrive("c", &scheduler) == .wait(starting: nil, checkAt: nil))
    }

    @Test func whicheverEnvironmentIsReadyFirstTakesTheInvocationThatWaits() {
        var scheduler = self.scheduler(2)
        _ = self.arrive("a", &scheduler)
        _ = self.arrive("b", &scheduler)
        #expect(scheduler.environmentBecameReady(1, now: self.at(1)).run?.waiter == "a")
        #expect(scheduler.environmentBecameReady(1, now: self.at(2)).run?.waiter == "b")
        #expect(scheduler.environmentBecameReady(0, now: self.at(3)).run == nil)
    }

    @Test func theEnvironmentUsedLastIsUsedAgain() {
        var scheduler = self.scheduler(2)
        _ = self.arrive("a", &scheduler)
        _ = self.arrive("b", &scheduler)
        _ = scheduler.environmentBecameReady(0, now: self.at(1))
        _ = scheduler.environmentBecameReady(1, now: self.at(1))
        _ = scheduler.environmentBecameReady(0, now: self.at(2))
        _ = scheduler.environmentBecameReady(1, now: self.at(3))
        #expect(self.arrive("c", &scheduler) == .run(on: 1))
    }

    @Test func anEnvironmentWhoseInitFailedIsStartedTogetherWithTheInvocationThatWaits() {
        var scheduler = self.scheduler()
        _ = self.arrive("a", &scheduler)
        let actions = scheduler.environmentStopped(0, needsInvocation: true, now: self.at(1))
        #expect(actions.run?.waiter == "a")
        #expect(actions.start == nil)
        #expect(scheduler.environmentStopped(0, needsInvocation: true, now: self.at(2)).run == nil)
        #expect(self.arrive("b", &scheduler) == .run(on: 0))
    }

    @Test func anEnvironmentThatStoppedIsStartedAgainForWhatWaits() {
        var scheduler = self.ready(self.scheduler())
        _ = self.arrive("a", &scheduler)
        _ = self.arrive("b", &scheduler)
        #expect(scheduler.environmentStopped(0, needsInvocation: false, now: self.at(1)).start == 0)
        #expect(scheduler.environmentBecameReady(0, now: self.at(2)).run?.waiter == "b")
    }

    @Test func anotherEnvironmentIsStartedWhileAnIdleOneTakesItsTimeToEnd() {
        var scheduler = self.ready(self.scheduler(2, idle: .seconds(60)))
        #expect(scheduler.tick(now: self.at(60)).stop == [0])
        #expect(self.arrive("a", &scheduler, now: 61) == .wait(starting: 1, checkAt: nil))
        #expect(scheduler.environmentStopped(0, needsInvocation: false, now: self.at(62)).start == nil)
        #expect(scheduler.environmentBecameReady(1, now: self.at(63)).run?.environment == 1)
    }

    @Test func anEnvironmentThatIsLostWhileIdleIsGivenNothing() {
        var scheduler = self.ready(self.scheduler())
        scheduler.environmentLost(0)
        #expect(self.arrive("a", &scheduler) == .wait(starting: nil, checkAt: nil))
        #expect(scheduler.environmentStopped(0, needsInvocation: false, now: self.at(1)).start == 0)
    }

    @Test func aRequestThatExpiredOnItsWayIsNeverRun() {
        var scheduler = self.ready(self.scheduler())
        #expect(self.arrive("a", &scheduler, deadline: self.at(1), now: 1) == .refuse(.expired))
    }

    @Test func aRequestThatExpiresWhileItWaitsIsRefusedInTime() {
        var scheduler = self.ready(self.scheduler())
        _ = self.arrive("a", &scheduler)
        #expect(
            self.arrive("b", &scheduler, deadline: self.at(5)) == .wait(starting: nil, checkAt: self.at(5)))
        #expect(scheduler.tick(now: self.at(4)).checkAt == self.at(5))
        let actions = scheduler.tick(now: self.at(5))
        #expect(actions.refuse.map(\.waiter) == ["b"])
        #expect(actions.refuse.map(\.refusal) == [.expired])
        #expect(scheduler.environmentBecameReady(0, now: self.at(6)).run == nil)
    }

    @Test func aRequestThatHasExpiredWhenAnEnvironmentIsReadyIsSkipped() {
        var scheduler = self.ready(self.scheduler())
        _ = self.arrive("a", &scheduler)
        _ = self.arrive("b", &scheduler, deadline: self.at(5))
        _ = self.arrive("c", &scheduler)
        let actions = scheduler.environmentBecameReady(0, now: self.at(6))
        #expect(actions.refuse.map(\.waiter) == ["b"])
        #expect(actions.run?.waiter == "c")
    }

    @Test func noMoreThanTheLimitWait() {
        var scheduler = self.ready(self.scheduler(waiting: 1))
        _ = self.arrive("a", &scheduler)
        _ = self.arrive("b", &scheduler)
        #expect(self.arrive("c", &scheduler) == .refuse(.noRoom))
    }

    @Test func whatWaitsForAnEnvironmentToStartTakesNoPlaceInTheQueue() {
        var scheduler = self.scheduler(2, waiting: 0)
        #expect(self.arrive("a", &scheduler) == .wait(starting: 0, checkAt: nil))
        #expect(self.arrive("b", &scheduler) == .wait(starting: 1, checkAt: nil))
        #expect(self.arrive("c", &scheduler) == .refuse(.noRoom))
        #expect(scheduler.environmentBecameReady(0, now: self.at(1)).run?.waiter == "a")
        #expect(self.arrive("d", &scheduler) == .refuse(.noRoom))
    }

    @Test func whatWaitsTooLongIsRefused() {
        var scheduler = self.scheduler(waitingTime: .seconds(2))
        _ = self.arrive("a", &scheduler)
        _ = scheduler.environmentBecameReady(0, now: self.at(0))
        #expect(
            self.arrive("b", &scheduler, deadline: self.at(9)) == .wait(starting: nil, checkAt: self.at(2)))
        #expect(scheduler.tick(now: self.at(2)).refuse.map(\.refusal) == [.noRoom])
    }

    @Test func anEnvironmentThatIsIdleForLongIsStopped() {
        var scheduler = self.scheduler(2, idle: .seconds(10))
        _ = self.arrive("a", &scheduler)
        _ = self.arrive("b", &scheduler)
        _ = scheduler.environmentBecameReady(0, now: self.at(1))
        _ = scheduler.environmentBecameReady(1, now: self.at(1))
        #expect(scheduler.environmentBecameReady(0, now: self.at(2)).checkAt == self.at(12))
        #expect(scheduler.environmentBecameReady(1, now: self.at(4)).checkAt == self.at(14))
        let actions = scheduler.tick(now: self.at(12))
        #expect(actions.stop == [0])
        #expect(actions.checkAt == self.at(14))
        #expect(scheduler.environmentStopped(0, needsInvocation: false, now: self.at(12)).start == nil)
        #expect(self.arrive("c", &scheduler, now: 13) == .run(on: 1))
    }

    @Test func freeSlotsAreEnvironmentsWithoutWorkOrClaim() {
        var scheduler = self.scheduler(2)
        #expect(scheduler.freeSlots == 2)
        _ = self.arrive("a", &scheduler)
        #expect(scheduler.freeSlots == 1)
        _ = scheduler.environmentBecameReady(0, now: self.at(0))
        #expect(scheduler.freeSlots == 1)
        _ = self.arrive("b", &scheduler)
        _ = self.arrive("c", &scheduler)
        #expect(scheduler.freeSlots == 0)
        _ = scheduler.environmentBecameReady(0, now: self.at(0))
        _ = scheduler.environmentBecameReady(0, now: self.at(0))
        _ = scheduler.environmentBecameReady(0, now: self.at(0))
        #expect(scheduler.freeSlots == 2)
    }

    @Test func whileDrainingWhatWaitsStillRunsAndNothingNewIsTaken() {
        var scheduler = self.ready(self.scheduler())
        _ = self.arrive("a", &scheduler)
        _ = self.arrive("b", &scheduler)
        scheduler.drain()
        #expect(self.arrive("c", &scheduler) == .refuse(.draining))
        #expect(scheduler.freeSlots == 0)
        #expect(scheduler.environmentBecameReady(0, now: self.at(1)).run?.waiter == "b")
        #expect(!scheduler.isQuiet)
        _ = scheduler.environmentBecameReady(0, now: self.at(2))
        #expect(scheduler.isQuiet)
    }
}
