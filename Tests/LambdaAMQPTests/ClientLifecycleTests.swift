import LambdaAMQP
import Testing

/// A client's life as a trace; connections and those who wait are strings.
@Suite struct ClientLifecycleTests {
    typealias Lifecycle = ClientLifecycle<String, String>

    private func end(_ code: LambdaError.Code = .closed) -> LambdaError { LambdaError(code, "over") }

    @Test func aCallBeforeTheConnectionWaitsForItAndThenCounts() {
        var client = Lifecycle()
        guard case .connect = client.runStarted() else { return #expect(Bool(false)) }
        guard case .wait(let id, let waiter) = client.callStarted({ "early" }) else { return #expect(Bool(false)) }
        #expect((id, waiter) == (0, "early"))
        #expect(client.callCount == 0)
        guard case .resume(let waiters) = client.connected("c") else { return #expect(Bool(false)) }
        #expect(waiters == ["early"])
        #expect(client.callCount == 1)
        #expect(client.callEnded() == nil)
        #expect(client.callCount == 0)
    }

    @Test func oneWhoGaveUpWaitingIsNotResumed() {
        var client = Lifecycle()
        _ = client.callStarted { "impatient" }
        _ = client.callStarted { "patient" }
        #expect(client.waiterGone(0) == "impatient")
        #expect(client.waiterGone(0) == nil)
        guard case .resume(let waiters) = client.connected("c") else { return #expect(Bool(false)) }
        #expect(waiters == ["patient"])
        #expect(client.waiterGone(1) == nil)
        #expect(client.callCount == 1)
    }

    @Test func aFailedConnectTellsThoseWhoWaitAndAllWhoComeLater() {
        var client = Lifecycle()
        _ = client.callStarted { "early" }
        let (session, callers, drainer) = client.closed(self.end(.accessRefused))
        #expect(session == nil)
        #expect(callers == ["early"])
        #expect(drainer == nil)
        guard case .refuse(let error) = client.callStarted({ "late" }) else { return #expect(Bool(false)) }
        #expect(error.code == .accessRefused)
        guard case .discard = client.connected("c") else { return #expect(Bool(false)) }
    }

    @Test func aGracefulEndWaitsForTheLastCallAndTakesNoOther() {
        var client = Lifecycle(session: "c")
        _ = client.callStarted { "" }
        _ = client.callStarted { "" }
        #expect(client.drainStarted("drainer") == nil)
        guard case .refuse(let error) = client.callStarted({ "" }) else { return #expect(Bool(false)) }
        #expect(error.code == .closed)
        #expect(error.isRetriable == false)
        #expect(client.callEnded() == nil)
        #expect(client.callEnded() == "drainer")
        #expect(client.closed(self.end()).session == "c")
        #expect(client.closed(self.end()).session == nil)
    }

    @Test func aGracefulEndWithoutCallsIsOverAtOnce() {
        var client = Lifecycle(session: "c")
        #expect(client.drainStarted("drainer") == "drainer")
        #expect(client.closed(self.end()).drainer == nil)
    }

    @Test func closingInMidDrainTellsTheDrainer() {
        var client = Lifecycle(session: "c")
        _ = client.callStarted { "" }
        #expect(client.drainStarted("drainer") == nil)
        #expect(client.closed(self.end()).drainer == "drainer")
        #expect(client.callEnded() == nil)
    }

    @Test func aConnectionThatSomebodyElseClosesEndsTheClientAndLeavesItsCallsToEnd() {
        var client = Lifecycle(session: "c")
        _ = client.callStarted { "" }
        client.connectionClosed(self.end())
        guard case .refuse(let error) = client.callStarted({ "late" }) else { return #expect(Bool(false)) }
        #expect(error.code == .closed)
        #expect(client.callCount == 1)
        #expect(client.callEnded() == nil)
        // Nothing of it is left to be closed.
        #expect(client.closed(self.end(.unavailable)).session == nil)
        guard case .refuse(let same) = client.callStarted({ "later" }) else { return #expect(Bool(false)) }
        #expect(same.code == .closed)
    }

    @Test func aGracefulEndWhoseConnectionGoesWaitsForTheLastCall() {
        var client = Lifecycle(session: "c")
        _ = client.callStarted { "" }
        #expect(client.drainStarted("drainer") == nil)
        client.connectionClosed(self.end())
        #expect(client.callEnded() == "drainer")
    }

    @Test func aClientRunsOnlyOnce() {
        var client = Lifecycle(session: "c")
        guard case .serve = client.runStarted() else { return #expect(Bool(false)) }
        guard case .refuse(let error) = client.runStarted() else { return #expect(Bool(false)) }
        #expect(error.code == .invalidConfiguration)
    }
}
