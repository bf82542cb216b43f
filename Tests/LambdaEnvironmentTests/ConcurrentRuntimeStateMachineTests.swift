@testable import LambdaEnvironment
import Testing

/// A runtime that keeps several `next`s open.
@Suite struct ConcurrentRuntimeStateMachineTests {
    var machine = ConcurrentRuntimeStateMachine<String>(limit: 2)

    @Test mutating func everyNextTakesOneMoreInvocationUpToTheLimit() {
        #expect(self.machine.nextRequested(by: "a") == .becameReady)
        #expect(self.machine.nextRequested(by: "b") == .becameReady)
        #expect(self.machine.nextRequested(by: "c") == .wait)
        #expect(self.machine.invoke(id: "1") == .deliver("a"))
        #expect(self.machine.invoke(id: "2") == .deliver("b"))
        #expect(self.machine.invoke(id: "3") == .refuse)
    }

    @Test mutating func invocationsAreAnsweredInAnyOrderEachOnce() {
        #expect(self.machine.nextRequested(by: "a") == .becameReady)
        #expect(self.machine.nextRequested(by: "b") == .becameReady)
        #expect(self.machine.invoke(id: "1") == .deliver("a"))
        #expect(self.machine.invoke(id: "2") == .deliver("b"))
        #expect(self.machine.postStarted(id: "2", to: .invocationResponse) == .accept)
        #expect(
            self.machine.postStarted(id: "2", to: .invocationResponse)
                == .reject(.transition(from: .invocationResponse, to: .invocationResponse)))
        #expect(self.machine.postStarted(id: "1", to: .invocationErrorResponse) == .accept)
        self.machine.postFinished(id: "2")
        #expect(self.machine.postStarted(id: "2", to: .invocationResponse) == .reject(.invalidRequestID))
        #expect(self.machine.nextRequested(by: "b") == .becameReady)
        #expect(self.machine.postStarted(id: "unknown", to: .invocationResponse) == .reject(.invalidRequestID))
    }

    @Test mutating func anInvocationWhoseNextWasLostGoesToTheNextThatComes() {
        #expect(self.machine.nextRequested(by: "a") == .becameReady)
        self.machine.waiterGone { $0 == "a" }
        #expect(self.machine.invoke(id: "1") == .deliverToNextRequest)
        #expect(self.machine.nextRequested(by: "a again") == .deliver(id: "1"))
        #expect(self.machine.nextRequested(by: "b") == .becameReady)
    }

    @Test mutating func aNextThatIsAskedAgainIsNoFurtherSlot() {
        #expect(self.machine.nextRequested(by: "a") == .becameReady)
        self.machine.waiterGone { $0 == "a" }
        #expect(self.machine.nextRequested(by: "a again") == .wait)
        #expect(self.machine.invoke(id: "1") == .deliver("a again"))
        #expect(self.machine.invoke(id: "2") == .refuse)
    }

    @Test mutating func aLatePostIsGoneAndItsSlotIsFreeAfterIt() {
        #expect(self.machine.nextRequested(by: "a") == .becameReady)
        #expect(self.machine.invoke(id: "1") == .deliver("a"))
        self.machine.expire(id: "1")
        #expect(!self.machine.isExhausted)
        // One works on what nobody waits for: only one more can be taken.
        #expect(self.machine.nextRequested(by: "b") == .becameReady)
        #expect(self.machine.nextRequested(by: "c") == .wait)
        #expect(self.machine.postStarted(id: "1", to: .invocationResponse) == .reject(.expired))
        #expect(self.machine.nextRequested(by: "a") == .becameReady)
    }

    @Test mutating func aRuntimeThatWorksOnNothingButTheExpiredIsExhausted() {
        for id in ["1", "2"] {
            #expect(self.machine.nextRequested(by: id) == .becameReady)
            #expect(self.machine.invoke(id: id) == .deliver(id))
            self.machine.expire(id: id)
        }
        #expect(self.machine.isExhausted)
    }

    @Test mutating func initErrorsComeBeforeTheFirstNextOnly() {
        #expect(self.machine.nextRequested(by: "a") == .becameReady)
        #expect(self.machine.initErrorStarted() == .reject(.transition(from: .ready, to: .initError)))
        #expect(self.machine.exited() == ["a"])
        #expect(self.machine.nextRequested(by: "a") == .reject(.transition(from: .exited, to: .ready)))
    }
}
