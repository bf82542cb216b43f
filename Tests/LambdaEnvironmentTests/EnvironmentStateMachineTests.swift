import LambdaEnvironment
import NIOCore
import Testing

@Suite struct EnvironmentStateMachineTests {
    typealias Machine = EnvironmentStateMachine<String>
    typealias Actions = EnvironmentActions<String>

    static let zero = NIODeadline.uptimeNanoseconds(1_000_000_000)

    func at(_ seconds: Int64) -> NIODeadline { Self.zero + .seconds(seconds) }

    func actions(_ change: (inout Actions) -> Void) -> Actions {
        var actions = Actions()
        change(&actions)
        return actions
    }

    func stopped() -> Machine { Machine(initTimeout: .seconds(10), invocationTimeout: .seconds(3)) }

    func initialising() -> Machine {
        var machine = self.stopped()
        #expect(
            machine.start(now: self.at(0))
                == self.actions {
                    $0.open = true
                    $0.checkDeadlineAt = self.at(10)
                })
        #expect(machine.opened(extensionCount: 0) == self.actions { $0.startRuntime = true })
        return machine
    }

    func ready() -> Machine {
        var machine = self.initialising()
        #expect(
            machine.runtimeBecameReady()
                == self.actions {
                    $0.initEnded = true
                    $0.notice = .ready
                })
        return machine
    }

    func running() -> Machine {
        var machine = self.ready()
        #expect(
            machine.invoke("a", now: self.at(1))
                == self.actions {
                    $0.deliver = "a"
                    $0.checkDeadlineAt = self.at(4)
                })
        return machine
    }

    /// Init has failed once, by an exit.
    func failedOnce() -> Machine {
        var machine = self.initialising()
        #expect(machine.processExited(.code(1)) == self.actions { $0.waitForStragglers = true })
        #expect(
            machine.stragglersElapsed()
                == self.actions {
                    $0.initFailure = .exited(.code(1))
                    $0.signal = .kill
                    $0.notice = .stopped
                })
        #expect(machine.startsOnlyWithInvocation)
        return machine
    }

    func answer(_ invocation: String, _ failure: EnvironmentFailure) -> Actions.Answer {
        .init(invocation: invocation, ending: .failed(failure))
    }

    @Test func anInvocationIsAnsweredWithThePostAndEndsWithTheNextNext() {
        var machine = self.running()
        machine.postStarted()
        #expect(
            machine.postFinished() == self.actions { $0.answer = .init(invocation: "a", ending: .posted) })
        #expect(machine.invoke("b", now: self.at(2)) == nil)
        #expect(
            machine.runtimeBecameReady()
                == self.actions {
                    $0.invocationEnded = true
                    $0.notice = .ready
                })
        #expect(machine.invoke("b", now: self.at(2))?.deliver == "b")
    }

    @Test func anEnvironmentThatStartsTakesNoInvocation() {
        var machine = self.initialising()
        #expect(machine.invoke("a", now: self.at(0)) == nil)
        #expect(machine.start(now: self.at(0)) == Actions())
    }

    @Test func aTimeOutAnswersAtOnceAndKills() {
        var machine = self.running()
        #expect(machine.deadlinePassed(now: self.at(3)) == self.actions { $0.checkDeadlineAt = self.at(4) })
        #expect(
            machine.deadlinePassed(now: self.at(4))
                == self.actions {
                    $0.answer = self.answer("a", .timedOut)
                    $0.signal = .kill
                    $0.invocationEnded = true
                })
        #expect(machine.postFinished() == Actions())
        #expect(machine.runtimeBecameReady() == Actions())
        #expect(machine.processExited(.signal(9)) == self.actions { $0.waitForStragglers = true })
        #expect(machine.stragglersElapsed() == self.actions { $0.notice = .stopped })
        #expect(!machine.startsOnlyWithInvocation)
        #expect(machine.start(now: self.at(5)).open)
    }

    @Test func aTimeOutWhileTheAnswerIsBeingReceivedIsATimeOut() {
        var machine = self.running()
        machine.postStarted()
        #expect(machine.deadlinePassed(now: self.at(4)).answer == self.answer("a", .timedOut))
        #expect(machine.postFinished() == Actions())
    }

    @Test func anOverrunAfterTheAnswerKillsWithoutAnsweringAgain() {
        var machine = self.running()
        machine.postStarted()
        _ = machine.postFinished()
        #expect(
            machine.deadlinePassed(now: self.at(4))
                == self.actions {
                    $0.lateFailure = .timedOut
                    $0.signal = .kill
                    $0.invocationEnded = true
                })
    }

    @Test func anExitFailsTheInvocationOnceAllThatWasSentHasBeenRead() {
        var machine = self.running()
        #expect(machine.processExited(.signal(11)) == self.actions { $0.waitForStragglers = true })
        #expect(
            machine.stragglersElapsed()
                == self.actions {
                    $0.answer = self.answer("a", .exited(.signal(11)))
                    $0.signal = .kill
                    $0.invocationEnded = true
                    $0.notice = .stopped
                })
    }

    @Test func anAnswerThatWasSentBeforeTheExitStands() {
        var machine = self.running()
        _ = machine.processExited(.code(0))
        machine.postStarted()
        #expect(machine.stragglersElapsed() == Actions())
        #expect(
            machine.postFinished()
                == self.actions {
                    $0.answer = .init(invocation: "a", ending: .posted)
                    $0.signal = .kill
                    $0.invocationEnded = true
                    $0.notice = .stopped
                })
    }

    @Test func anExitAfterTheAnswerOnlyStops() {
        var machine = self.running()
        machine.postStarted()
        _ = machine.postFinished()
        #expect(
            machine.processExited(.code(0))
                == self.actions {
                    $0.waitForStragglers = true
                    $0.signal = .kill
                    $0.invocationEnded = true
                })
        #expect(machine.stragglersElapsed() == self.actions { $0.notice = .stopped })
    }

    @Test func anExitWhileReadyIsToldAtOnce() {
        var machine = self.ready()
        #expect(
            machine.processExited(.code(0))
                == self.actions {
                    $0.waitForStragglers = true
                    $0.signal = .kill
                    $0.lostTo = .exited(.code(0))
                    $0.notice = .lost
                })
        #expect(machine.invoke("a", now: self.at(1)) == nil)
        #expect(machine.stragglersElapsed() == self.actions { $0.notice = .stopped })
    }

    @Test func initIsRunAgainInsideAnInvocationWithinItsTimeOut() {
        var machine = self.failedOnce()
        #expect(
            machine.invoke("a", now: self.at(2))
                == self.actions {
                    $0.open = true
                    $0.checkDeadlineAt = self.at(5)
                })
        #expect(machine.deadline == self.at(5))
        #expect(machine.opened(extensionCount: 0).startRuntime)
        #expect(
            machine.runtimeBecameReady()
                == self.actions {
                    $0.initEnded = true
                    $0.deliver = "a"
                })
        #expect(machine.deadline == self.at(5))
        #expect(!machine.startsOnlyWithInvocation)
    }

    @Test func aSecondFailureOfInitAnswersTheInvocationAndBacksOff() {
        var machine = self.failedOnce()
        _ = machine.invoke("a", now: self.at(2))
        _ = machine.opened(extensionCount: 0)
        machine.postStarted()
        #expect(
            machine.initErrorReceived(type: "Runtime.Bad")
                == self.actions {
                    $0.initFailure = .initError(type: "Runtime.Bad")
                    $0.answer = self.answer("a", .initError(type: "Runtime.Bad"))
                    $0.signal = .kill
                    $0.invocationEnded = true
                })
        _ = machine.processExited(.code(1))
        #expect(machine.stragglersElapsed() == self.actions { $0.backOff = .milliseconds(100) })
        #expect(machine.invoke("b", now: self.at(3)) == nil)
        #expect(machine.backOffElapsed() == self.actions { $0.notice = .stopped })
        #expect(machine.invoke("b", now: self.at(3))?.open == true)
    }

    @Test func anInitErrorThatWasSentBeforeTheExitIsTheReason() {
        var machine = self.failedOnce()
        _ = machine.invoke("a", now: self.at(2))
        _ = machine.opened(extensionCount: 0)
        machine.postStarted()
        _ = machine.processExited(.code(1))
        #expect(machine.stragglersElapsed() == Actions())
        let actions = machine.initErrorReceived(type: "Runtime.Bad")
        #expect(actions.answer == self.answer("a", .initError(type: "Runtime.Bad")))
        #expect(actions.backOff == .milliseconds(100))
    }

    @Test func initThatOverrunsItsLimitIsKilledAndRunAgainInsideAnInvocation() {
        var machine = self.initialising()
        #expect(
            machine.deadlinePassed(now: self.at(10))
                == self.actions {
                    $0.initFailure = .initTimedOut
                    $0.signal = .kill
                })
        _ = machine.processExited(.signal(9))
        #expect(machine.stragglersElapsed() == self.actions { $0.notice = .stopped })
        #expect(machine.startsOnlyWithInvocation)
    }

    @Test func initInsideAnInvocationThatOverrunsIsATimeOut() {
        var machine = self.failedOnce()
        _ = machine.invoke("a", now: self.at(2))
        #expect(machine.deadlinePassed(now: self.at(5)).answer == self.answer("a", .timedOut))
    }

    @Test func aProgramThatCannotBeStartedFailsInit() {
        let failure = ProcessStartFailure(errorType: "Runtime.InvalidEntrypoint", reason: "fork/exec /x: no")
        var machine = self.initialising()
        #expect(machine.processNotStarted(failure).notice == .stopped)
        _ = machine.invoke("a", now: self.at(1))
        _ = machine.opened(extensionCount: 0)
        let actions = machine.processNotStarted(failure)
        #expect(actions.answer == self.answer("a", .notStarted(failure)))
        #expect(actions.backOff == .milliseconds(100))
    }

    @Test func aTimeOutBeforeTheProcessCouldBeStartedWaitsForThatNews() {
        let failure = ProcessStartFailure(errorType: "Sandbox.Failure", reason: "no")
        var machine = self.initialising()
        _ = machine.deadlinePassed(now: self.at(10))
        #expect(machine.processNotStarted(failure) == self.actions { $0.notice = .stopped })
    }

    @Test func aTimeOutBeforeTheListenerIsOpenStartsNothing() {
        var machine = self.stopped()
        _ = machine.start(now: self.at(0))
        #expect(machine.deadlinePassed(now: self.at(10)).initFailure == .initTimedOut)
        #expect(machine.opened(extensionCount: 0) == self.actions { $0.notice = .stopped })
    }

    @Test func shutdownAnswersWhatRuns() {
        var machine = self.running()
        #expect(
            machine.shutdown()
                == self.actions {
                    $0.answer = self.answer("a", .shutdown)
                    $0.invocationEnded = true
                    $0.signal = .kill
                })
        #expect(machine.shutdown() == Actions())
        _ = machine.processExited(.signal(9))
        #expect(machine.stragglersElapsed() == self.actions { $0.notice = .closed })
        #expect(machine.invoke("b", now: self.at(9)) == nil)
        #expect(machine.shutdown() == self.actions { $0.notice = .closed })
    }

    @Test func shutdownWhileTheProcessesEndOnlyMakesItForGood() {
        var machine = self.running()
        _ = machine.deadlinePassed(now: self.at(4))
        #expect(machine.shutdown() == Actions())
        _ = machine.processExited(.signal(9))
        #expect(machine.stragglersElapsed() == self.actions { $0.notice = .closed })
    }

    @Test func shutdownOfAStoppedEnvironmentClosesAtOnce() {
        var machine = self.stopped()
        #expect(machine.shutdown() == self.actions { $0.notice = .closed })
    }

    @Test func aReadyEnvironmentThatIsStoppedCanBeStartedAgain() {
        var machine = self.ready()
        #expect(machine.stop() == self.actions { $0.signal = .kill })
        _ = machine.processExited(.signal(9))
        #expect(machine.stragglersElapsed() == self.actions { $0.notice = .stopped })
        #expect(machine.start(now: self.at(9)).open)
        var running = self.running()
        #expect(running.stop() == Actions())
    }

    @Test func backOffDoublesFromTheSecondFailureUpToFiveSeconds() {
        let delays = (0...10).map { Machine.backOffDelay(after: $0) }
        #expect(
            delays == [
                .zero, .zero, .milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800),
                .milliseconds(1600), .milliseconds(3200), .seconds(5), .seconds(5), .seconds(5),
            ])
    }

    @Test func oneThatIsLostAgainAndAgainWhileItIsReadyWaitsBeforeItsNextStart() {
        var machine = self.ready()
        func lose() -> Actions {
            _ = machine.processExited(.code(1))
            return machine.stragglersElapsed()
        }
        func startAgain() {
            _ = machine.start(now: self.at(0))
            _ = machine.opened(extensionCount: 0)
            _ = machine.runtimeBecameReady()
        }
        #expect(lose() == self.actions { $0.notice = .stopped })
        startAgain()
        #expect(lose() == self.actions { $0.backOff = .milliseconds(100) })
        _ = machine.backOffElapsed()
        startAgain()
        #expect(lose() == self.actions { $0.backOff = .milliseconds(200) })
        _ = machine.backOffElapsed()
        startAgain()

        // One invocation that goes well, and all is forgotten; so it is where several run at a time.
        _ = machine.invoke("a", now: self.at(1))
        _ = machine.postFinished()
        _ = machine.runtimeBecameReady()
        #expect(lose() == self.actions { $0.notice = .stopped })
        startAgain()
        machine.invocationFinished()
        #expect(lose() == self.actions { $0.notice = .stopped })
    }
}
