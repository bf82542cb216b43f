import LambdaEnvironment
import NIOCore
import Testing

@Suite struct TelemetryBufferTests {
    typealias Actions = TelemetryBuffer.Actions

    static let zero = NIODeadline.uptimeNanoseconds(1_000_000_000)

    func at(_ milliseconds: Int64) -> NIODeadline { Self.zero + .milliseconds(milliseconds) }

    func event(_ text: String = "e") -> ByteBuffer { ByteBuffer(string: text) }

    func buffer(items: Int = 3, bytes: Int = 100) -> TelemetryBuffer {
        var limits = TelemetryBuffering()
        limits.maxItemCount = items
        limits.maxByteCount = bytes
        return TelemetryBuffer(limits: limits)
    }

    @Test func aBatchWaitsForItsTimeOut() {
        var buffer = self.buffer()
        #expect(buffer.append(self.event("a"), now: self.at(0)) == Actions(checkAt: self.at(1000)))
        #expect(buffer.append(self.event("b"), now: self.at(500)) == Actions())
        #expect(buffer.timeElapsed(now: self.at(999)) == Actions(checkAt: self.at(1000)))
        #expect(buffer.timeElapsed(now: self.at(1000)) == Actions(send: [self.event("a"), self.event("b")]))
        #expect(!buffer.isEmpty)
        #expect(buffer.delivered(now: self.at(1001)) == Actions())
        #expect(buffer.isEmpty)
    }

    @Test func aFullBatchGoesAtOnce() {
        var buffer = self.buffer()
        _ = buffer.append(self.event("a"), now: self.at(0))
        _ = buffer.append(self.event("b"), now: self.at(0))
        #expect(
            buffer.append(self.event("c"), now: self.at(0))
                == Actions(send: [self.event("a"), self.event("b"), self.event("c")]))
    }

    @Test func aBatchThatIsFullOfBytesGoesAtOnce() {
        var buffer = self.buffer()
        let large = self.event(String(repeating: "x", count: 60))
        _ = buffer.append(large, now: self.at(0))
        #expect(buffer.append(large, now: self.at(0)) == Actions(send: [large]))
        #expect(buffer.delivered(now: self.at(1)) == Actions(checkAt: self.at(1000)))
    }

    @Test func oneBatchIsOnItsWayAtATimeAndTheNextFollowsInOrder() {
        var buffer = self.buffer()
        for name in ["a", "b", "c"] { _ = buffer.append(self.event(name), now: self.at(0)) }
        for name in ["d", "e", "f", "g"] {
            #expect(buffer.append(self.event(name), now: self.at(10)).send == nil)
        }
        #expect(
            buffer.delivered(now: self.at(20)) == Actions(send: [self.event("d"), self.event("e"), self.event("f")]))
        #expect(buffer.delivered(now: self.at(30)) == Actions(checkAt: self.at(1020)))
    }

    @Test func aBatchThatFailedIsSentAgainLaterAndLater() {
        var buffer = self.buffer()
        for name in ["a", "b", "c"] { _ = buffer.append(self.event(name), now: self.at(0)) }
        let batch = [self.event("a"), self.event("b"), self.event("c")]
        #expect(buffer.failed(now: self.at(0)) == Actions(checkAt: self.at(100)))
        #expect(buffer.timeElapsed(now: self.at(99)) == Actions(checkAt: self.at(100)))
        #expect(buffer.timeElapsed(now: self.at(100)) == Actions(send: batch))
        #expect(buffer.failed(now: self.at(100)) == Actions(checkAt: self.at(300)))
        #expect(buffer.timeElapsed(now: self.at(300)) == Actions(send: batch))
        #expect(buffer.delivered(now: self.at(310)) == Actions())
        #expect(buffer.isEmpty)
    }

    @Test func theWaitBetweenTwoAttemptsGrowsToFiveSeconds() {
        var buffer = self.buffer(items: 1)
        _ = buffer.append(self.event(), now: self.at(0))
        for _ in 0..<20 {
            _ = buffer.failed(now: self.at(0))
            _ = buffer.timeElapsed(now: self.at(10_000))
        }
        #expect(buffer.failed(now: self.at(0)) == Actions(checkAt: self.at(5000)))
    }

    @Test func whatComesWhileTheQueueIsFullIsCountedAndToldOnceThereIsRoom() {
        var buffer = self.buffer(items: 1)
        // One is on its way, four wait, three are lost.
        for _ in 0..<8 { _ = buffer.append(self.event("12345"), now: self.at(0)) }
        #expect(buffer.takeLoss() == nil)
        _ = buffer.delivered(now: self.at(1))
        #expect(buffer.takeLoss() == nil)
        // Nothing overtakes the news of the loss.
        #expect(buffer.append(self.event("12345"), now: self.at(1)) == Actions())
        _ = buffer.delivered(now: self.at(2))
        let loss = buffer.takeLoss()
        #expect(loss?.recordCount == 4)
        #expect(loss?.byteCount == 20)
        #expect(buffer.takeLoss() == nil)
    }

    @Test func anEventLargerThanABatchGoesAlone() {
        var buffer = self.buffer()
        let huge = self.event(String(repeating: "x", count: 5000))
        #expect(buffer.append(huge, now: self.at(0)) == Actions(send: [huge]))
    }

    @Test func afterAFlushNothingWaits() {
        var buffer = self.buffer()
        _ = buffer.append(self.event("a"), now: self.at(0))
        #expect(buffer.flush(now: self.at(1)) == Actions(send: [self.event("a")]))
        #expect(buffer.append(self.event("b"), now: self.at(2)) == Actions())
        #expect(buffer.delivered(now: self.at(3)) == Actions(send: [self.event("b")]))
    }
}
