import LambdaEnvironment
import Testing

@Suite struct ExtensionStateMachineTests {
    typealias Machine = ExtensionStateMachine<String>

    static let invoke = ExtensionEvent.invoke(deadline: 1, requestID: "a", invokedFunctionARN: "arn", traceID: nil)
    static let shutdown = ExtensionEvent.shutdown(deadline: 2, reason: .timeout)

    func registered() -> Machine {
        var machine = Machine()
        #expect(machine.state == .started)
        #expect(machine.register() == true)
        #expect(machine.state == .registered)
        return machine
    }

    func ready() -> Machine {
        var machine = self.registered()
        #expect(machine.nextRequested(by: "n1") == .wait)
        #expect(machine.isReady)
        return machine
    }

    @Test func anEventAnswersThePendingRequestAndTheNextOneMakesItReadyAgain() {
        var machine = self.ready()
        #expect(machine.send(Self.invoke) == "n1")
        #expect(machine.state == .running)
        #expect(!machine.isReady)
        #expect(machine.nextRequested(by: "n2") == .wait)
        #expect(machine.isReady)
    }

    @Test func itMayRegisterOnce() {
        var machine = self.registered()
        #expect(machine.register() == false)
    }

    @Test func nobodyAsksBeforeHeHasRegistered() {
        var machine = Machine()
        #expect(machine.nextRequested(by: "n") == .refuse(.started))
    }

    @Test func aSecondRequestWhileOneIsPendingIsRefused() {
        var machine = self.ready()
        #expect(machine.nextRequested(by: "n2") == .refuse(.ready))
        #expect(machine.send(Self.invoke) == "n1")
    }

    @Test func aClientThatLostItsConnectionAsksAgain() {
        var machine = self.ready()
        machine.waiterGone { $0 == "n1" }
        #expect(machine.nextRequested(by: "n2") == .wait)
        #expect(machine.send(Self.invoke) == "n2")
    }

    @Test func anEventForAnExtensionThatDoesNotAskIsKeptForIt() {
        var machine = self.ready()
        machine.waiterGone { $0 == "n1" }
        #expect(machine.send(Self.invoke) == nil)
        #expect(!machine.isReady)
        #expect(machine.nextRequested(by: "n2") == .deliver(Self.invoke))
        #expect(machine.state == .running)
        #expect(machine.nextRequested(by: "n3") == .wait)
    }

    @Test func shutdownReachesAnExtensionThatIsBusyWhenItAsksAgain() {
        var machine = self.ready()
        _ = machine.send(Self.invoke)
        #expect(machine.send(Self.shutdown) == nil)
        #expect(machine.nextRequested(by: "n2") == .deliver(Self.shutdown))
    }

    @Test func shutdownTakesThePlaceOfAnEventThatWasNotFetched() {
        var machine = self.registered()
        _ = machine.send(Self.invoke)
        _ = machine.send(Self.shutdown)
        #expect(machine.nextRequested(by: "n1") == .deliver(Self.shutdown))
    }

    @Test func initErrorsAreReportedBeforeTheFirstRequestOnly() {
        var machine = self.registered()
        #expect(machine.initErrorReported() == true)
        #expect(machine.initErrorReported() == true)
        #expect(machine.exitErrorReported() == false)
        #expect(machine.nextRequested(by: "n1") == .refuse(.initError))
        #expect(machine.send(Self.shutdown) == nil)
        var ready = self.ready()
        #expect(ready.initErrorReported() == false)
    }

    @Test func exitErrorsAreReportedAtAnyTimeAfterRegistering() {
        var started = Machine()
        #expect(started.exitErrorReported() == false)
        var machine = self.ready()
        #expect(machine.exitErrorReported() == true)
        #expect(machine.exitErrorReported() == true)
        #expect(machine.state == .exitError)
        #expect(machine.nextRequested(by: "n2") == .refuse(.exitError))
    }

    @Test func theEndOfTheProcessHasAName() {
        var machine = self.ready()
        machine.processEnded()
        #expect(machine.state == .exited)
        machine.shutdownOverran()
        #expect(machine.state == .exited)
        var late = self.ready()
        late.shutdownOverran()
        late.processEnded()
        #expect(late.state == .shutdownFailed)
        var missing = Machine()
        missing.launchFailed()
        #expect(missing.state == .launchError)
    }

    @Test func dismissingGivesBackWhoWaits() {
        var machine = self.ready()
        #expect(machine.dismiss() == "n1")
        #expect(machine.dismiss() == nil)
    }
}
