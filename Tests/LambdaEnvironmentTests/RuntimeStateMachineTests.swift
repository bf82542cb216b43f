import LambdaEnvironment
import Testing

@Suite struct RuntimeStateMachineTests {
    typealias Machine = RuntimeStateMachine<String>

    func ready() -> Machine {
        var machine = Machine()
        #expect(machine.nextRequested(by: "n1") == .becameReady)
        return machine
    }

    func running(_ id: String = "id-1") -> Machine {
        var machine = self.ready()
        #expect(machine.invoke(id: id) == .deliver("n1"))
        return machine
    }

    func transition(_ from: String, _ to: String) -> RuntimeAPIRejection {
        RuntimeAPIRejection(
            status: 403, errorType: "InvalidStateTransition",
            message: "State transition from \(from) to \(to) failed for runtime. "
                + "Error: State transition is not allowed")
    }

    @Test func anInvocationGoesFromNextToResponseToNext() {
        var machine = self.running()
        #expect(machine.responseStarted(id: "id-1") == .accept)
        #expect(machine.state == .invocationResponse)
        machine.postFinished()
        #expect(machine.state == .responseSent)
        #expect(machine.nextRequested(by: "n2") == .becameReady)
        #expect(machine.invoke(id: "id-2") == .deliver("n2"))
    }

    @Test func aFirstNextEndsInit() {
        var machine = Machine()
        #expect(machine.state == .started)
        #expect(machine.nextRequested(by: "n1") == .becameReady)
        #expect(machine.state == .ready)
    }

    @Test func aSecondNextWhileWaitingWaitsForAnEventOfItsOwn() {
        var machine = self.ready()
        #expect(machine.nextRequested(by: "n2") == .wait)
        #expect(machine.invoke(id: "a") == .deliver("n1"))
    }

    @Test func secondNextWhileRunningDeliversTheSameEventAgain() {
        var machine = self.running()
        #expect(machine.nextRequested(by: "n2") == .deliver)
        #expect(machine.currentID == "id-1")
        #expect(machine.responseStarted(id: "id-1") == .accept)
    }

    @Test func nextWhileAResponseIsBeingReceivedIsRefused() {
        var machine = self.running()
        #expect(machine.responseStarted(id: "id-1") == .accept)
        #expect(machine.nextRequested(by: "n2") == .reject(self.transition("InvocationResponse", "Ready")))
    }

    @Test func aStaleOrInventedIDIsRefusedBeforeTheStateIsLookedAt() {
        var machine = self.running()
        #expect(machine.responseStarted(id: "other") == .reject(.invalidRequestID))
        #expect(machine.errorStarted(id: "other") == .reject(.invalidRequestID))
        #expect(machine.responseStarted(id: "id-1") == .accept)
        #expect(machine.responseStarted(id: "other") == .reject(.invalidRequestID))
    }

    @Test func aPostWithoutAnInvocationIsRefusedForItsID() {
        var started = Machine()
        #expect(started.responseStarted(id: "id") == .reject(.invalidRequestID))
        var ready = self.ready()
        #expect(ready.errorStarted(id: "id") == .reject(.invalidRequestID))
    }

    @Test func aSecondPostForTheCurrentIDIsRefusedForItsState() {
        var machine = self.running()
        #expect(machine.responseStarted(id: "id-1") == .accept)
        machine.postFinished()
        #expect(
            machine.errorStarted(id: "id-1")
                == .reject(self.transition("RuntimeResponseSentState", "InvocationErrorResponse")))
        #expect(
            machine.responseStarted(id: "id-1")
                == .reject(self.transition("RuntimeResponseSentState", "InvocationResponse")))
    }

    @Test func aPostWhileAnErrorIsBeingReceivedIsRefused() {
        var machine = self.running()
        #expect(machine.errorStarted(id: "id-1") == .accept)
        #expect(
            machine.responseStarted(id: "id-1")
                == .reject(self.transition("InvocationErrorResponse", "InvocationResponse")))
    }

    @Test func afterTheNextNextTheOldIDIsStale() {
        var machine = self.running()
        #expect(machine.responseStarted(id: "id-1") == .accept)
        machine.postFinished()
        #expect(machine.nextRequested(by: "n2") == .becameReady)
        #expect(machine.responseStarted(id: "id-1") == .reject(.invalidRequestID))
    }

    @Test func initErrorIsAcceptedOnlyBeforeTheFirstNext() {
        var machine = Machine()
        #expect(machine.initErrorStarted() == .accept)
        #expect(machine.initErrorStarted() == .reject(self.transition("InitError", "InitError")))
        #expect(machine.nextRequested(by: "n") == .reject(self.transition("InitError", "Ready")))
        #expect(machine.responseStarted(id: "id") == .reject(.invalidRequestID))

        var ready = self.ready()
        #expect(ready.initErrorStarted() == .reject(self.transition("Ready", "InitError")))
        var running = self.running()
        #expect(running.initErrorStarted() == .reject(self.transition("Running", "InitError")))
    }

    @Test func anEventWhoseNextWasLostIsDeliveredToTheFollowingNext() {
        var machine = self.ready()
        machine.waiterGone { $0 == "n1" }
        #expect(machine.invoke(id: "id-1") == .deliverToNextRequest)
        #expect(machine.invoke(id: "id-2") == .refuse)
        #expect(machine.nextRequested(by: "n2") == .deliver)
        #expect(machine.state == .running)
    }

    @Test func aRuntimeThatIsNotReadyIsGivenNothing() {
        var started = Machine()
        #expect(started.invoke(id: "id") == .refuse)
        var running = self.running()
        #expect(running.invoke(id: "id-2") == .refuse)
    }

    @Test func whatComesFromADeadProcessIsRefused() {
        var machine = self.running()
        #expect(machine.exited() == [])
        #expect(machine.responseStarted(id: "id-1") == .reject(.invalidRequestID))
        #expect(machine.nextRequested(by: "n2") == .reject(self.transition("Exited", "Ready")))
        #expect(machine.initErrorStarted() == .reject(self.transition("Exited", "InitError")))
        var ready = self.ready()
        #expect(ready.exited() == ["n1"])
    }
}
