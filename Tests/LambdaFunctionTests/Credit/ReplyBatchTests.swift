import NIOCore
import Testing

@testable import LambdaFunction

@Suite struct ReplyBatchTests {
    private var batch = ReplyBatch(slots: 1)
    private var now = NIODeadline.uptimeNanoseconds(1_000_000)

    /// A reply is ready, so long after the one before. Returns whether it waits.
    private mutating func reply(after time: TimeAmount, anotherFollows: Bool = true) -> Bool {
        self.now = self.now + time
        return self.batch.add(at: self.now, anotherFollows: anotherFollows)
    }

    @Test mutating func quickRepliesOfOneSlotLeaveInThrees() {
        var waits = [self.reply(after: .seconds(1))]
        for _ in 0..<7 { waits.append(self.reply(after: .microseconds(200))) }
        #expect(waits == [false, true, true, false, true, true, false, true])
        #expect(self.batch.count == 1)
    }

    @Test mutating func withMoreSlotsMoreRepliesLeaveTogether() {
        self.batch = ReplyBatch(slots: 4)
        _ = self.reply(after: .seconds(1))
        let waits = (0..<6).map { _ in self.reply(after: .microseconds(50)) }
        #expect(waits == [true, true, true, true, true, false])
    }

    @Test mutating func aReplyBehindWhichNothingWaitsLeavesWithThoseThatWait() {
        _ = self.reply(after: .seconds(1))
        #expect(self.reply(after: .microseconds(200)) == true)
        #expect(self.reply(after: .microseconds(200), anotherFollows: false) == false)
        #expect(self.batch.count == 0)
    }

    @Test mutating func aReplyThatTookItsTimeDoesNotWait() {
        _ = self.reply(after: .seconds(1))
        #expect(self.reply(after: .microseconds(501)) == false)
        #expect(self.reply(after: .microseconds(500)) == true)
        #expect(self.reply(after: .milliseconds(3)) == false)
        #expect(self.batch.count == 0)
    }

    @Test mutating func afterThoseThatWaitedWereSentTheNextMayWaitAgain() {
        _ = self.reply(after: .seconds(1))
        #expect(self.reply(after: .microseconds(200)) == true)
        #expect(self.reply(after: .microseconds(200)) == true)
        self.batch.sent()
        #expect(self.reply(after: .microseconds(200)) == true)
        #expect(self.reply(after: .microseconds(200)) == true)
        #expect(self.reply(after: .microseconds(200)) == false)
    }
}
