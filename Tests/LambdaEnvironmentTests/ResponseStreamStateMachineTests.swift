import LambdaEnvironment
import Testing

@Suite struct ResponseStreamStateMachineTests {
    @Test func eachPartIsForwardedAndTheNextOneRead() {
        var stream = ResponseStreamStateMachine(limit: 100)
        #expect(stream.partReceived(byteCount: 10) == .forward)
        #expect(stream.forwarded(wantsMore: true) == .readNext)
        #expect(stream.partReceived(byteCount: 20) == .forward)
        #expect(stream.forwarded(wantsMore: true) == .readNext)
        #expect(stream.bodyEnded() == .finish)
        #expect(stream.producedByteCount == 30)
    }

    @Test func aFullCallerPausesTheRuntimeUntilItWantsMore() {
        var stream = ResponseStreamStateMachine(limit: 100)
        #expect(stream.partReceived(byteCount: 10) == .forward)
        #expect(stream.forwarded(wantsMore: false) == .wait)
        #expect(stream.moreWanted() == .readNext)
        #expect(stream.partReceived(byteCount: 10) == .forward)
    }

    @Test func aWishForMoreCountsOnce() {
        var stream = ResponseStreamStateMachine(limit: 100)
        #expect(stream.moreWanted() == .wait)
        #expect(stream.partReceived(byteCount: 10) == .forward)
        #expect(stream.forwarded(wantsMore: false) == .wait)
        #expect(stream.moreWanted() == .readNext)
        #expect(stream.moreWanted() == .wait)
    }

    @Test func theLimitIsInclusive() {
        var stream = ResponseStreamStateMachine(limit: 30)
        #expect(stream.partReceived(byteCount: 10) == .forward)
        #expect(stream.forwarded(wantsMore: true) == .readNext)
        #expect(stream.partReceived(byteCount: 20) == .forward)
        #expect(stream.forwarded(wantsMore: true) == .readNext)
        #expect(stream.partReceived(byteCount: 1) == .refuse)
        #expect(stream.producedByteCount == 30)
        // The outcome stands; what the runtime still sends is drained.
        #expect(stream.partReceived(byteCount: 1) == .discard)
        #expect(stream.bodyEnded() == .ignore)
    }

    @Test func aTimeoutWhilePausedIsTheOutcome() {
        var stream = ResponseStreamStateMachine(limit: 100)
        #expect(stream.partReceived(byteCount: 10) == .forward)
        #expect(stream.forwarded(wantsMore: false) == .wait)
        #expect(stream.cancelled() == .finish)
        #expect(stream.cancelled() == .ignore)
        #expect(stream.moreWanted() == .wait)
        #expect(stream.partReceived(byteCount: 10) == .discard)
        #expect(stream.bodyEnded() == .ignore)
    }

    @Test func aBodyMayEndWithoutAPart() {
        var stream = ResponseStreamStateMachine(limit: 100)
        #expect(stream.bodyEnded() == .finish)
        #expect(stream.bodyEnded() == .ignore)
        #expect(stream.cancelled() == .ignore)
    }
}
