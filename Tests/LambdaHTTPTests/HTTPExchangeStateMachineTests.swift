import Testing

@testable import LambdaHTTP

@Suite struct HTTPExchangeStateMachineTests {
    private var machine = HTTPExchangeStateMachine(drainLimit: 100)

    @Test mutating func anExchangeEndsWhenItsBodyIsReadAndItsResponseWritten() {
        #expect(self.machine.wait == .request)
        #expect(self.machine.headReceived(.init(declaredByteCount: 3)) == .begin)
        #expect(self.machine.wait == .nothing)
        #expect(self.machine.readerAttached(holdsParts: false) == .read(sendContinue: false))
        #expect(self.machine.wait == .body)
        #expect(self.machine.bodyReceived(byteCount: 3, pausesReader: false) == .deliver)
        #expect(self.machine.endReceived(hasTrailers: false) == .deliver)
        #expect(self.machine.endDelivered() == nil)
        #expect(self.machine.headReceived(.init()) == .hold)
        #expect(self.machine.responseBegan() == .write(closes: false))
        #expect(self.machine.responseEnded() == .next)
        #expect(self.machine.headReceived(.init()) == .begin)
    }

    @Test mutating func bodyIsHeldUntilSomebodyAsksForIt() {
        #expect(self.machine.headReceived(.init(declaredByteCount: nil)) == .begin)
        #expect(self.machine.bodyReceived(byteCount: 1, pausesReader: false) == .hold)
        #expect(self.machine.readerAttached(holdsParts: true) == .read(sendContinue: false))
        #expect(self.machine.bodyReceived(byteCount: 1, pausesReader: false) == .deliver)
    }

    @Test mutating func aStreamPausesAfterEachPart() {
        #expect(self.machine.headReceived(.init(declaredByteCount: nil)) == .begin)
        #expect(self.machine.readerAttached(holdsParts: false) == .read(sendContinue: false))
        #expect(self.machine.bodyReceived(byteCount: 1, pausesReader: true) == .deliver)
        #expect(self.machine.bodyReceived(byteCount: 1, pausesReader: true) == .hold)
        #expect(self.machine.endReceived(hasTrailers: false) == .hold)
        let mayGoOn = self.machine.nextPartWanted()
        #expect(mayGoOn)
        #expect(self.machine.bodyReceived(byteCount: 1, pausesReader: true) == .deliver)
        let mayGoOnAgain = self.machine.nextPartWanted()
        #expect(mayGoOnAgain)
        #expect(self.machine.endReceived(hasTrailers: false) == .deliver)
        let mayGoOnAfterTheEnd = self.machine.nextPartWanted()
        #expect(!mayGoOnAfterTheEnd)
    }

    @Test mutating func anEmptyBodyIsOverBeforeItIsAskedFor() {
        #expect(self.machine.headReceived(.init(declaredByteCount: 0)) == .begin)
        #expect(self.machine.endReceived(hasTrailers: false) == .discard)
        #expect(self.machine.readerAttached(holdsParts: false) == .deliverEnd)
        #expect(self.machine.responseBegan() == .write(closes: false))
        #expect(self.machine.responseEnded() == .next)
    }

    @Test mutating func aBodyThatNobodyWantsIsThrownAwayAfterTheResponse() {
        #expect(self.machine.headReceived(.init(declaredByteCount: 20)) == .begin)
        #expect(self.machine.responseBegan() == .write(closes: false))
        #expect(self.machine.responseEnded() == nil)
        #expect(self.machine.bodyReceived(byteCount: 20, pausesReader: false) == .discard)
        #expect(self.machine.endReceived(hasTrailers: false) == .finish(.next))
    }

    @Test mutating func aBodyOverTheDrainLimitEndsTheConnection() {
        #expect(self.machine.headReceived(.init(declaredByteCount: nil)) == .begin)
        self.machine.readerDetached()
        #expect(self.machine.responseBegan() == .write(closes: false))
        #expect(self.machine.responseEnded() == nil)
        #expect(self.machine.bodyReceived(byteCount: 100, pausesReader: false) == .discard)
        #expect(self.machine.bodyReceived(byteCount: 1, pausesReader: false) == .finish(.linger))
        #expect(self.machine.inputClosed() == .close)
    }

    @Test mutating func anAnnouncedBodyOverTheDrainLimitSaysCloseInTheResponse() {
        #expect(self.machine.headReceived(.init(declaredByteCount: 101)) == .begin)
        self.machine.readerDetached()
        #expect(self.machine.responseBegan() == .write(closes: true))
        #expect(self.machine.responseEnded() == .linger)
    }

    @Test mutating func continueIsSentOnlyToAClientThatWaitsForIt() {
        #expect(self.machine.headReceived(.init(expectsContinue: true, declaredByteCount: 5)) == .begin)
        #expect(self.machine.readerAttached(holdsParts: false) == .read(sendContinue: true))
        var impatient = HTTPExchangeStateMachine(drainLimit: 100)
        #expect(impatient.headReceived(.init(expectsContinue: true, declaredByteCount: 5)) == .begin)
        #expect(impatient.bodyReceived(byteCount: 5, pausesReader: false) == .hold)
        #expect(impatient.readerAttached(holdsParts: true) == .read(sendContinue: false))
    }

    @Test mutating func answeringInsteadOfContinueClosesTheConnection() {
        #expect(self.machine.headReceived(.init(expectsContinue: true, declaredByteCount: 5)) == .begin)
        #expect(self.machine.responseBegan() == .write(closes: true))
        #expect(self.machine.responseEnded() == .linger)
    }

    @Test mutating func aFailureReachesTheReaderAndTheAnswerCloses() {
        #expect(self.machine.headReceived(.init(declaredByteCount: 5)) == .begin)
        #expect(self.machine.readerAttached(holdsParts: false) == .read(sendContinue: false))
        #expect(self.machine.requestFailed(.truncated) == .deliver(closes: false))
        #expect(self.machine.responseBegan() == .write(closes: true))
        #expect(self.machine.responseEnded() == .linger)
    }

    @Test mutating func aFailureBeforeAnybodyAskedIsRemembered() {
        #expect(self.machine.headReceived(.init(declaredByteCount: 5)) == .begin)
        #expect(self.machine.requestFailed(.malformed) == .remember)
        #expect(self.machine.readerAttached(holdsParts: false) == .deliverFailure(.malformed))
    }

    @Test mutating func badBytesBetweenExchangesAreAnswered() {
        #expect(self.machine.requestFailed(.malformed) == .reject)
        #expect(self.machine.headReceived(.init()) == .drop)
        #expect(self.machine.requestFailed(.malformed) == .drop)
    }

    @Test mutating func aSlowHeadIsAnsweredAndAnIdleConnectionIsJustClosed() {
        var idle = self.machine
        #expect(idle.requestFailed(.timedOut) == .close)
        self.machine.incompleteBytesReceived()
        #expect(self.machine.wait == .head)
        #expect(self.machine.requestFailed(.timedOut) == .reject)
    }

    @Test mutating func halfClosureWaitsForTheAnswer() {
        #expect(self.machine.headReceived(.init(declaredByteCount: 0)) == .begin)
        #expect(self.machine.endReceived(hasTrailers: false) == .discard)
        #expect(self.machine.inputClosed() == .hold)
        #expect(self.machine.responseBegan() == .write(closes: false))
        #expect(self.machine.responseEnded() == .next)
        #expect(self.machine.inputClosed() == .close)
    }

    @Test mutating func shutdownLetsTheRunningExchangeEnd() {
        var idle = self.machine
        #expect(idle.shutdownBegan() == true)
        #expect(self.machine.headReceived(.init(declaredByteCount: 0)) == .begin)
        #expect(self.machine.endReceived(hasTrailers: false) == .discard)
        #expect(self.machine.shutdownBegan() == false)
        #expect(self.machine.responseBegan() == .write(closes: true))
        #expect(self.machine.responseEnded() == .close)
    }

    @Test mutating func aLostConnectionTellsTheHandlerUnlessItHasAnswered() {
        #expect(self.machine.headReceived(.init(declaredByteCount: 5)) == .begin)
        var answered = self.machine
        #expect(self.machine.connectionLost() == true)
        #expect(self.machine.responseBegan() == .drop)
        #expect(answered.responseBegan() == .write(closes: false))
        #expect(answered.responseEnded() == nil)
        #expect(answered.connectionLost() == false)
    }

    @Test mutating func aSecondResponseIsRefused() {
        #expect(self.machine.headReceived(.init(declaredByteCount: 5)) == .begin)
        #expect(self.machine.responseBegan() == .write(closes: false))
        #expect(self.machine.responseBegan() == .refuseSecondResponse)
    }
}
