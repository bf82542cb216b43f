import LambdaFunction
import NIOCore
import Testing

/// Calls that are taken back while they wait for an environment.
@Suite struct TakingBackTests {
    private let now = NIODeadline.uptimeNanoseconds(1_000_000)

    /// One environment of so many is busy.
    private func busy(of environments: Int = 1) -> InvocationScheduler<String> {
        var scheduler = InvocationScheduler<String>(limits: .init(maxEnvironments: environments, maxWaiting: 100))
        #expect(scheduler.startEarly() == nil)
        #expect(self.arrives("first", at: &scheduler) == .wait(starting: 0, checkAt: nil))
        #expect(scheduler.environmentBecameReady(0, now: self.now).run?.waiter == "first")
        return scheduler
    }

    @discardableResult
    private func arrives(
        _ name: String, isFirst: Bool = false, at scheduler: inout InvocationScheduler<String>
    ) -> InvocationScheduler<String>.ArrivalAction {
        scheduler.invocationArrived(name, startDeadline: nil, isFirst: isFirst, now: self.now)
    }

    @Test func whatWaitsWhileEverySlotIsTakenIsSurplus() {
        var scheduler = self.busy()
        #expect(scheduler.oldestSurplus { _ in true } == nil)
        for name in ["a", "b", "c"] { self.arrives(name, at: &scheduler) }
        #expect(scheduler.oldestSurplus { _ in true } == "a")
        #expect(scheduler.oldestSurplus { $0 != "a" } == "b")
        #expect(scheduler.takeBack(onlySurplus: true) { $0 != "b" } == ["a", "c"])
        #expect(scheduler.environmentBecameReady(0, now: self.now).run?.waiter == "b")
        #expect(scheduler.waitingCount == 0)
    }

    @Test func whatWaitsForAnEnvironmentThatStartsIsNoSurplus() {
        var scheduler = self.busy(of: 2)
        #expect(self.arrives("a", at: &scheduler) == .wait(starting: 1, checkAt: nil))
        self.arrives("b", at: &scheduler)
        #expect(scheduler.oldestSurplus { _ in true } == "b")
        #expect(scheduler.takeBack(onlySurplus: true) { _ in true } == ["b"])
        #expect(scheduler.takeBack(onlySurplus: false) { _ in true } == ["a"])
        #expect(scheduler.waitingCount == 0)
    }

    @Test func whatCameBackGoesBeforeTheOthersInItsOwnOrder() {
        var scheduler = self.busy()
        self.arrives("a", at: &scheduler)
        self.arrives("again 1", isFirst: true, at: &scheduler)
        self.arrives("b", at: &scheduler)
        self.arrives("again 2", isFirst: true, at: &scheduler)
        let order = (0..<4).map { _ in scheduler.environmentBecameReady(0, now: self.now).run?.waiter }
        #expect(order == ["again 1", "again 2", "a", "b"])
    }

    @Test func eventsAreNotTakenBackThisWay() {
        var scheduler = self.busy()
        _ = scheduler.eventArrived("event", startDeadline: nil, now: self.now)
        #expect(scheduler.oldestSurplus { _ in true } == nil)
        #expect(scheduler.takeBack(onlySurplus: false) { _ in true } == [])
        #expect(scheduler.environmentBecameReady(0, now: self.now).run?.waiter == "event")
    }
}
