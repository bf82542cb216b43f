import AMQP
import LambdaFunction
import NIOCore
import Testing

@Suite struct KeptRepliesTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func identity(_ id: String) throws -> CallIdentity {
        try #require(
            CallIdentity(
                AMQPProperties(contentType: nil, correlationID: AMQPShortString(id)), event: ByteBuffer(string: "{}")))
    }

    private func replies(count: Int = 10, byteCount: Int = 100) -> KeptReplies<String> {
        KeptReplies(limits: .init(count: count, byteCount: byteCount, time: .seconds(60)))
    }

    @Test func aReplyIsTakenOnceByTheMessageThatCameAgain() throws {
        var replies = self.replies()
        #expect(replies.insert("one", byteCount: 3, for: try self.identity("1"), now: self.start) != nil)
        #expect(replies.take(try self.identity("2"), now: self.start) == nil)
        #expect(replies.take(try self.identity("1"), now: self.start) == "one")
        #expect(replies.take(try self.identity("1"), now: self.start) == nil)
        #expect(replies.isEmpty)
    }

    @Test func theOldestGiveWayToANumber() throws {
        var replies = self.replies(count: 2)
        for id in ["1", "2", "3"] {
            _ = replies.insert(id, byteCount: 1, for: try self.identity(id), now: self.start)
        }
        #expect(replies.count == 2)
        #expect(replies.take(try self.identity("1"), now: self.start) == nil)
        #expect(replies.take(try self.identity("3"), now: self.start) == "3")
    }

    @Test func theOldestGiveWayToBytesAndWhatIsTakenMakesRoom() throws {
        var replies = self.replies()
        _ = replies.insert("1", byteCount: 60, for: try self.identity("1"), now: self.start)
        _ = replies.insert("2", byteCount: 40, for: try self.identity("2"), now: self.start)
        #expect(replies.take(try self.identity("2"), now: self.start) == "2")
        _ = replies.insert("3", byteCount: 40, for: try self.identity("3"), now: self.start)
        #expect(replies.count == 2)
        _ = replies.insert("4", byteCount: 1, for: try self.identity("4"), now: self.start)
        #expect(replies.take(try self.identity("1"), now: self.start) == nil)
        #expect(replies.count == 2)
    }

    @Test func oneThatIsTooLargeIsNotKeptAndPushesNothingOut() throws {
        var replies = self.replies()
        _ = replies.insert("1", byteCount: 100, for: try self.identity("1"), now: self.start)
        #expect(replies.insert("2", byteCount: 101, for: try self.identity("2"), now: self.start) == nil)
        #expect(replies.take(try self.identity("1"), now: self.start) == "1")
    }

    @Test func timeEndsTheWait() throws {
        var replies = self.replies()
        let first = replies.insert("1", byteCount: 1, for: try self.identity("1"), now: self.start)
        #expect(first == self.start + .seconds(60))
        let later = self.start + .seconds(10)
        #expect(replies.insert("2", byteCount: 1, for: try self.identity("2"), now: later) == nil)
        #expect(replies.expire(now: self.start + .seconds(60)) == later + .seconds(60))
        #expect(replies.take(try self.identity("1"), now: later) == nil)
        #expect(replies.take(try self.identity("2"), now: later + .seconds(60)) == nil)
        #expect(replies.expire(now: later + .seconds(60)) == nil)
        #expect(replies.isEmpty)
    }
}
