@testable import LambdaEnvironment
import NIOCore
import Testing

/// An environment with extensions, as traces: what the state machine asks for when they register, fail and end.
@Suite struct EnvironmentExtensionsTests {
    typealias Machine = EnvironmentStateMachine<String>
    typealias Actions = EnvironmentActions<String>

    static let zero = NIODeadline.uptimeNanoseconds(1_000_000_000)

    func at(_ seconds: Int64) -> NIODeadline { Self.zero + .seconds(seconds) }

    func actions(_ change: (inout Actions) -> Void) -> Actions {
        var actions = Actions()
        change(&actions)
        return actions
    }

    func answer(_ invocation: String, _ failure: EnvironmentFailure) -> Actions.Answer {
        .init(invocation: invocation, ending: .failed(failure))
    }

    func crash(_ name: String, _ exit: ProcessExit) -> EnvironmentFailure {
        .extensionFailed(ExtensionFailure(kind: .crash, name: name, exit: exit))
    }

    let reported = ExtensionFailure(kind: .exitError, name: "x", detail: "Extension.Broken")

    /// One external extension is being started.
    func starting(bound: Bool = false) -> Machine {
        var machine = Machine(initTimeout: .seconds(10), invocationTimeout: .seconds(3))
        if bound { machine.consecutiveInitFailures = 1 }
        _ = bound ? machine.invoke("a", now: self.at(0)) : machine.start(now: self.at(0))
        #expect(machine.opened(extensionCount: 1) == self.actions { $0.startExtensions = true })
        return machine
    }

    /// It has registered, and the runtime is being started.
    func registered(bound: Bool = false) -> Machine {
        var machine = self.starting(bound: bound)
        machine.extensionRegistered(presence: .external)
        #expect(machine.externalExtensionsRegistered() == self.actions { $0.startRuntime = true })
        return machine
    }

    func ready() -> Machine {
        var machine = self.registered()
        #expect(machine.extensionsBecameReady() == Actions())
        #expect(
            machine.runtimeBecameReady()
                == self.actions {
                    $0.initEnded = true
                    $0.notice = .ready
                })
        return machine
    }

    /// Invocation `a` runs, and the extension knows of it.
    func running() -> Machine {
        var machine = self.ready()
        #expect(machine.invoke("a", now: self.at(1))?.deliver == "a")
        machine.extensionsBecameBusy()
        return machine
    }

    func responseSent() -> Machine {
        var machine = self.running()
        machine.postStarted()
        #expect(machine.postFinished() == self.actions { $0.answer = .init(invocation: "a", ending: .posted) })
        return machine
    }

    // MARK: Barriers

    @Test func initIsDoneWhenTheLastExtensionHasAskedForItsFirstEvent() {
        var machine = self.registered()
        #expect(machine.runtimeBecameReady() == Actions())
        #expect(machine.invoke("a", now: self.at(1)) == nil)
        #expect(
            machine.extensionsBecameReady()
                == self.actions {
                    $0.initEnded = true
                    $0.notice = .ready
                })
    }

    @Test func anInternalExtensionThatRegistersLaterIsAwaitedToo() {
        var machine = self.registered()
        _ = machine.extensionsBecameReady()
        machine.extensionRegistered(presence: .external)
        #expect(machine.runtimeBecameReady() == Actions())
        #expect(machine.extensionsBecameReady().notice == .ready)
    }

    @Test func anInvocationThatWaitsForInitIsDeliveredWhenTheBarrierIsPassed() {
        var machine = self.registered(bound: true)
        #expect(machine.runtimeBecameReady() == Actions())
        #expect(
            machine.extensionsBecameReady()
                == self.actions {
                    $0.initEnded = true
                    $0.deliver = "a"
                })
    }

    @Test func theCallerIsAnsweredBeforeASlowExtensionIsDone() {
        var machine = self.responseSent()
        #expect(machine.runtimeBecameReady() == Actions())
        #expect(machine.invoke("b", now: self.at(2)) == nil)
        #expect(
            machine.extensionsBecameReady()
                == self.actions {
                    $0.invocationEnded = true
                    $0.notice = .ready
                })
    }

    @Test func aQuickExtensionWaitsForTheRuntime() {
        var machine = self.running()
        #expect(machine.extensionsBecameReady() == Actions())
        machine.postStarted()
        _ = machine.postFinished()
        #expect(machine.runtimeBecameReady().notice == .ready)
    }

    @Test func anExtensionThatOverrunsAfterTheAnswerTimesTheEnvironmentOut() {
        var machine = self.responseSent()
        _ = machine.runtimeBecameReady()
        #expect(
            machine.deadlinePassed(now: self.at(4))
                == self.actions {
                    $0.lateFailure = .timedOut
                    $0.signal = .terminateRuntime(.external)
                    $0.invocationEnded = true
                })
    }

    // MARK: Failures of extensions

    @Test func anExtensionThatEndsBeforeItRegistersFailsInit() {
        var machine = self.starting()
        #expect(machine.extensionExited(name: "x", .code(1)) == self.actions { $0.waitForStragglers = true })
        #expect(
            machine.stragglersElapsed()
                == self.actions {
                    $0.initFailure = self.crash("x", .code(1))
                    $0.signal = .kill
                    $0.notice = .stopped
                })
        #expect(machine.startsOnlyWithInvocation)
    }

    @Test func aCrashInInitIsToldToTheInvocationThatWaits() {
        var machine = self.registered(bound: true)
        _ = machine.extensionExited(name: "x", .signal(9))
        #expect(
            machine.stragglersElapsed()
                == self.actions {
                    $0.initFailure = self.crash("x", .signal(9))
                    $0.answer = self.answer("a", self.crash("x", .signal(9)))
                    $0.signal = .terminateRuntime(.external)
                    $0.invocationEnded = true
                })
    }

    @Test func anExtensionThatCannotBeStartedFailsInit() {
        let failure = ExtensionFailure(kind: .launchError, name: "x", detail: "fork/exec /opt/extensions/x: no")
        var machine = self.starting()
        #expect(
            machine.extensionNotStarted(failure)
                == self.actions {
                    $0.initFailure = .extensionFailed(failure)
                    $0.signal = .kill
                    $0.notice = .stopped
                })
    }

    @Test func tooManyExtensionsFailInitBeforeAnyIsStarted() {
        let failure = ExtensionFailure(kind: .launchError, name: "k", detail: "Extension limit (10) reached")
        var machine = Machine(initTimeout: .seconds(10), invocationTimeout: .seconds(3))
        _ = machine.start(now: self.at(0))
        #expect(
            machine.extensionsRefused(failure)
                == self.actions {
                    $0.initFailure = .extensionFailed(failure)
                    $0.signal = .kill
                    $0.notice = .stopped
                })
    }

    @Test func aCrashFailsTheInvocationThatRuns() {
        var machine = self.running()
        #expect(machine.extensionExited(name: "x", .code(0)) == self.actions { $0.waitForStragglers = true })
        #expect(
            machine.stragglersElapsed()
                == self.actions {
                    $0.answer = self.answer("a", self.crash("x", .code(0)))
                    $0.signal = .terminateRuntime(.external)
                    $0.invocationEnded = true
                })
    }

    @Test func aCrashWhileTheRuntimeIsStillSendingFailsTheInvocation() {
        var machine = self.running()
        machine.postStarted()
        _ = machine.extensionExited(name: "x", .code(0))
        #expect(machine.stragglersElapsed().answer == self.answer("a", self.crash("x", .code(0))))
        #expect(machine.postFinished() == Actions())
    }

    @Test func anAnswerThatIsCompleteWhenTheCrashIsNoticedStands() {
        var machine = self.running()
        _ = machine.extensionExited(name: "x", .code(1))
        machine.postStarted()
        #expect(
            machine.postFinished()
                == self.actions {
                    $0.answer = .init(invocation: "a", ending: .posted)
                    $0.lateFailure = self.crash("x", .code(1))
                    $0.signal = .terminateRuntime(.external)
                    $0.invocationEnded = true
                })
    }

    @Test func theFirstOfTwoFailuresIsTold() {
        var machine = self.running()
        _ = machine.extensionExited(name: "x", .code(1))
        #expect(machine.processExited(.signal(11)) == self.actions { $0.waitForStragglers = true })
        #expect(machine.stragglersElapsed() == Actions())
        #expect(machine.stragglersElapsed().answer == self.answer("a", self.crash("x", .code(1))))

        var other = self.running()
        _ = other.processExited(.signal(11))
        _ = other.extensionExited(name: "x", .code(1))
        _ = other.stragglersElapsed()
        #expect(other.stragglersElapsed().answer == self.answer("a", .exited(.signal(11))))
    }

    @Test func aCrashAfterTheAnswerEndsTheEnvironmentAndIsReported() {
        var machine = self.responseSent()
        #expect(
            machine.extensionExited(name: "x", .code(1))
                == self.actions {
                    $0.lateFailure = self.crash("x", .code(1))
                    $0.signal = .terminateRuntime(.external)
                    $0.invocationEnded = true
                })
    }

    @Test func aCrashWhenIdleLosesTheEnvironment() {
        var machine = self.ready()
        #expect(
            machine.extensionExited(name: "x", .code(1))
                == self.actions {
                    $0.signal = .terminateRuntime(.external)
                    $0.lostTo = .extensionFailed(ExtensionFailure(kind: .crash, name: "x", exit: .code(1)))
                    $0.notice = .lost
                })
        #expect(machine.invoke("a", now: self.at(1)) == nil)
        #expect(
            machine.processExited(.signal(15))
                == self.actions {
                    $0.waitForStragglers = true
                    $0.signal = .shutDownExtensions(.failure, nil)
                })
        #expect(machine.stragglersElapsed() == self.actions { $0.notice = .stopped })
        #expect(!machine.startsOnlyWithInvocation)
    }

    @Test func anExtensionThatReportsAnErrorIsGivenTimeToEndSinceItsExitIsPartOfTheMessage() {
        var machine = self.running()
        #expect(
            machine.extensionReportedError(self.reported)
                == self.actions { $0.waitForReporter = .milliseconds(200) })
        #expect(machine.extensionExited(name: "x", .code(1)) == self.actions { $0.waitForStragglers = true })
        var failure = self.reported
        failure.exit = .code(1)
        #expect(machine.stragglersElapsed().answer == self.answer("a", .extensionFailed(failure)))
        #expect(failure.reason == "exit status 1")
        #expect(machine.reporterElapsed() == Actions())
    }

    @Test func anExtensionThatReportsAnErrorAndStaysFailsTheInvocationAllTheSame() {
        var machine = self.running()
        _ = machine.extensionReportedError(self.reported)
        #expect(machine.reporterElapsed().answer == self.answer("a", .extensionFailed(self.reported)))
        #expect(self.reported.reason == "Extension.Broken")
    }

    @Test func anErrorThatIsReportedWhenIdleLosesTheEnvironmentAtOnce() {
        var machine = self.ready()
        #expect(
            machine.extensionReportedError(self.reported)
                == self.actions {
                    $0.signal = .terminateRuntime(.external)
                    $0.lostTo = .extensionFailed(self.reported)
                    $0.notice = .lost
                })
    }

    // MARK: Ends

    @Test func aRuntimeThatEndsLeavesTheExtensionsTheWholeWindow() {
        var machine = self.running()
        _ = machine.processExited(.code(3))
        #expect(
            machine.stragglersElapsed()
                == self.actions {
                    $0.answer = self.answer("a", .exited(.code(3)))
                    $0.signal = .shutDownExtensions(.failure, .external)
                    $0.invocationEnded = true
                })
        #expect(machine.extensionExited(name: "x", .code(0)) == self.actions { $0.notice = .stopped })
        // Nothing of an earlier shutdown is left to go off.
        #expect(machine.shutdownWindowElapsed() == Actions())
    }

    @Test func aTimeOutIsToldToTheExtensions() {
        var machine = self.running()
        #expect(
            machine.deadlinePassed(now: self.at(4))
                == self.actions {
                    $0.answer = self.answer("a", .timedOut)
                    $0.signal = .terminateRuntime(.external)
                    $0.invocationEnded = true
                })
        #expect(
            machine.runtimeShareElapsed() == self.actions { $0.signal = .shutDownExtensions(.timeout, nil) })
        #expect(machine.processExited(.signal(9)) == self.actions { $0.waitForStragglers = true })
        #expect(machine.stragglersElapsed() == Actions())
        #expect(machine.shutdownWindowElapsed() == self.actions { $0.signal = .kill })
        #expect(machine.extensionExited(name: "x", .signal(9)) == self.actions { $0.notice = .stopped })
    }

    @Test func anIdleEnvironmentThatIsStoppedSpinsDown() {
        var machine = self.ready()
        #expect(machine.stop() == self.actions { $0.signal = .terminateRuntime(.external) })
        #expect(machine.processExited(.signal(15)).signal == .shutDownExtensions(.spindown, nil))
        #expect(machine.extensionExited(name: "x", .code(0)) == Actions())
        #expect(machine.stragglersElapsed() == self.actions { $0.notice = .stopped })
    }

    @Test func shutdownInTheMiddleOfAShutdownGivesNobodyMoreTimeAndTakesNobodysAway() {
        var machine = self.running()
        _ = machine.deadlinePassed(now: self.at(4))
        #expect(machine.shutdown() == Actions())
        _ = machine.processExited(.signal(15))
        _ = machine.stragglersElapsed()
        #expect(machine.extensionExited(name: "x", .code(0)) == self.actions { $0.notice = .closed })
    }

    @Test func withOnlyInternalExtensionsTheRuntimeHasHalfASecond() {
        var machine = Machine(initTimeout: .seconds(10), invocationTimeout: .seconds(3))
        _ = machine.start(now: self.at(0))
        _ = machine.opened(extensionCount: 0)
        machine.extensionRegistered(presence: .internalOnly)
        _ = machine.runtimeBecameReady()
        #expect(machine.extensionsBecameReady().notice == .ready)
        #expect(machine.shutdown() == self.actions { $0.signal = .terminateRuntime(.internalOnly) })
        #expect(machine.runtimeShareElapsed() == self.actions { $0.signal = .kill })
        _ = machine.processExited(.signal(9))
        #expect(machine.stragglersElapsed() == self.actions { $0.notice = .closed })
    }

    @Test func aTimeOutOfInitEndsExtensionsThatHaveNotRegisteredAtOnce() {
        var machine = self.starting()
        #expect(
            machine.deadlinePassed(now: self.at(10))
                == self.actions {
                    $0.initFailure = .initTimedOut
                    $0.signal = .kill
                })
        // Too late to be of use.
        machine.extensionRegistered(presence: .external)
        #expect(machine.externalExtensionsRegistered() == Actions())
        #expect(machine.extensionExited(name: "x", .signal(9)) == self.actions { $0.notice = .stopped })
    }
}
