import Testing

@testable import AMQP

@Suite struct RecoveryStateMachineTests {
    private var machine = RecoveryStateMachine(attemptLimit: 3, retryDelay: .seconds(7))

    private mutating func connect() {
        _ = self.machine.start()
        _ = self.machine.linkOpened()
        _ = self.machine.setUpDone()
    }

    @Test mutating func firstConnectOpensThenSetsUpThenAnnounces() {
        #expect(self.machine.start() == .connect)
        #expect(self.machine.start() == .none)
        #expect(self.machine.linkOpened() == .setUp)
        #expect(self.machine.setUpDone() == .announceConnected)
        #expect(self.machine.setUpDone() == .none)
    }

    @Test mutating func firstConnectGivesUpAfterItsAttempts() {
        #expect(self.machine.start() == .connect)
        #expect(self.machine.connectFailed(jitter: 0) == .retry(after: .seconds(7)))
        #expect(self.machine.backoffElapsed() == .connect)
        #expect(self.machine.connectFailed(jitter: 1) == .retry(after: .seconds(7)))
        #expect(self.machine.backoffElapsed() == .connect)
        #expect(self.machine.connectFailed(jitter: 0) == .giveUp)
        #expect(self.machine.linkOpened() == .none)
    }

    @Test mutating func aConnectionThatOnceStoodIsTriedForEver() {
        self.connect()
        #expect(self.machine.linkLost(jitter: 1) == .retry(after: .seconds(0.1)))
        for _ in 0..<1000 {
            #expect(self.machine.backoffElapsed() == .connect)
            guard case .retry = self.machine.connectFailed(jitter: 1) else {
                Issue.record("gave up")
                return
            }
        }
        #expect(self.machine.backoffElapsed() == .connect)
        #expect(self.machine.linkOpened() == .setUp)
        #expect(self.machine.setUpDone() == .announceConnected)
    }

    @Test mutating func thePauseStartsAgainAfterASuccess() {
        self.connect()
        for _ in 0..<5 {
            _ = self.machine.linkLost(jitter: 1)
            #expect(self.machine.backoffElapsed() == .connect)
            _ = self.machine.linkOpened()
            _ = self.machine.setUpDone()
        }
        #expect(self.machine.linkLost(jitter: 1) == .retry(after: .seconds(0.1)))
    }

    @Test mutating func aLinkThatFallsWhileItIsSetUpLengthensThePause() {
        self.connect()
        _ = self.machine.linkLost(jitter: 1)
        for pause in [0.2, 0.4, 0.8] {
            #expect(self.machine.backoffElapsed() == .connect)
            #expect(self.machine.linkOpened() == .setUp)
            #expect(self.machine.linkLost(jitter: 1) == .retry(after: .seconds(pause)))
            #expect(self.machine.setUpDone() == .none)
        }
    }

    @Test func backoffDoublesFromATenthToTwoSecondsAndJitterTakesUpToHalf() {
        let whole = [0.1, 0.2, 0.4, 0.8, 1.6, 2, 2]
        for (index, seconds) in whole.enumerated() {
            #expect(RecoveryStateMachine.backoff(index + 1, jitter: 1) == .seconds(seconds))
            #expect(RecoveryStateMachine.backoff(index + 1, jitter: 0) == .seconds(seconds / 2))
        }
        #expect(RecoveryStateMachine.backoff(0, jitter: 7) == .seconds(0.1))
        #expect(RecoveryStateMachine.backoff(.max, jitter: -1) == .seconds(1))
    }

    @Test mutating func nothingHappensAfterClose() {
        self.connect()
        self.machine.close()
        #expect(self.machine.linkLost(jitter: 0) == .none)
        #expect(self.machine.backoffElapsed() == .none)
        #expect(self.machine.start() == .none)
        #expect(self.machine.connectFailed(jitter: 0) == .none)
    }

    @Test mutating func closeWhileConnectingTurnsALateLinkAway() {
        _ = self.machine.start()
        self.machine.close()
        #expect(self.machine.linkOpened() == .none)
    }
}
