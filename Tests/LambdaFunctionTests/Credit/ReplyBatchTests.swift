import NIOCore
import Testing

@testable import LambdaFunction

@Suite struct ReplyBatchTests {
    private var batch = ReplyBatch()
    private var now = NIODeadline.uptimeNanoseconds(1_000_000)

    /// A reply is ready, so long after the one before. Returns whether it waits.
    private mutating func reply(after time: TimeAmount, anotherFollows: Bool = true) -> Bool {
        self.now = self.now + time
        return self.batch.add(at: self.now, anotherFollows: anotherFollows)
    }

    @Test mutating func quickRepliesLeaveInThrees() {
        var waits = [self.reply(after: .seconds(1))]
        for _ in 0..<7 { waits.append(self.reply(after: .microseconds(200))) }
        #expect(waits == [false, true, true, false, true, true, false, true])
        #expect(self.batch.count == 1)
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
