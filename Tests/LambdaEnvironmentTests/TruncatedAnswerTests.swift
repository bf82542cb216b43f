import LambdaEnvironment
import NIOCore
import Testing

/// What becomes of an answer that is cut off (contract 4.4, 6.3, 10.3).
@Suite struct TruncatedAnswerTests {
    typealias Actions = EnvironmentActions<String>

    private func running() -> EnvironmentStateMachine<String> {
        let now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var machine = EnvironmentStateMachine<String>(initTimeout: .seconds(10), invocationTimeout: .seconds(3))
        _ = machine.start(now: now)
        _ = machine.opened(extensionCount: 0)
        _ = machine.runtimeBecameReady()
        #expect(machine.invoke("a", now: now)?.deliver == "a")
        machine.postStarted()
        return machine
    }

    private func actions(_ change: (inout Actions) -> Void) -> Actions {
        var actions = Actions()
        change(&actions)
        return actions
    }

    private func failed(_ failure: EnvironmentFailure) -> Actions.Answer {
        .init(invocation: "a", ending: .failed(failure))
    }

    @Test func oneThatIsLostWithItsRuntimeWaitsForTheEndAndIsThatEnd() {
        var machine = self.running()
        #expect(machine.postLost() == Actions())
        #expect(machine.processExited(.signal(9)) == self.actions { $0.waitForStragglers = true })
        #expect(machine.stragglersElapsed().answer == self.failed(.exited(.signal(9))))
    }

    @Test func oneThatIsLostAfterTheEndWasSeenIsAnsweredAtOnce() {
        var machine = self.running()
        _ = machine.processExited(.code(3))
        // The post is still being received: it may be whole.
        #expect(machine.stragglersElapsed() == Actions())
        #expect(machine.postLost().answer == self.failed(.exited(.code(3))))
    }

    @Test func oneThatTheCallerHasTheBeginningOfIsTheAnswerAndTheEndIsToldOf() {
        var machine = self.running()
        #expect(machine.postFinished(isTruncated: true).answer == .init(invocation: "a", ending: .posted))
        let ended = machine.processExited(.signal(9))
        #expect(ended.lateFailure == .exited(.signal(9)))
        #expect(ended.invocationEnded)
    }

    @Test func theEndThatCameBeforeItIsToldOfAsWell() {
        var machine = self.running()
        _ = machine.processExited(.signal(9))
        _ = machine.stragglersElapsed()
        let finished = machine.postFinished(isTruncated: true)
        #expect(finished.answer == .init(invocation: "a", ending: .posted))
        #expect(finished.lateFailure == .exited(.signal(9)))
    }

    @Test func theEndAfterAWholeAnswerIsNoNews() {
        var machine = self.running()
        _ = machine.postFinished()
        #expect(machine.processExited(.code(1)).lateFailure == nil)
    }
}
