import AMQP
import AMQPRPC
import NIOCore
import Testing

@Suite struct RememberedRepliesTests {
    private typealias Replies = RememberedReplies<String>
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private let body = Replies.Digest(ByteBuffer(string: "body"))

    private func replies(count: Int = 10, bytes: Int = 1_000_000, seconds: Int64 = 60) -> Replies {
        Replies(countLimit: count, byteLimit: bytes, duration: .seconds(seconds))
    }

    private func key(_ text: String) -> Replies.Key { Replies.Key(Array(text.utf8)) }

    private func reply(_ text: String) -> RPCReply { RPCReply(body: ByteBuffer(string: text)) }

    @Test func theFirstRunsTheNextJoinsAndALaterOneGetsTheRememberedReply() {
        var replies = self.replies()
        #expect(replies.begin(self.key("k"), self.body, "first", now: self.start).isRun == true)
        #expect(replies.begin(self.key("k"), self.body, "second", now: self.start).isJoin == true)
        #expect(replies.begin(self.key("other"), self.body, "third", now: self.start).isRun == true)
        #expect(replies.finished(self.key("k"), reply: self.reply("done"), now: self.start) == ["second"])
        let answer = replies.begin(self.key("k"), self.body, "fourth", now: self.start).answer
        #expect(answer?.body == ByteBuffer(string: "done"))
        #expect(replies.count == 1)
    }

    @Test func aKeyWithAnotherBodyIsRefused() {
        let other = Replies.Digest(ByteBuffer(string: "ydob"))
        #expect(self.body == Replies.Digest(ByteBuffer(string: "body")) && self.body != other)
        var replies = self.replies()
        #expect(replies.begin(self.key("k"), self.body, "first", now: self.start).isRun == true)
        #expect(replies.begin(self.key("k"), other, "second", now: self.start).isRefuse == true)
        #expect(replies.finished(self.key("k"), reply: self.reply("done"), now: self.start) == [])
        #expect(replies.begin(self.key("k"), other, "third", now: self.start).isRefuse == true)
        #expect(replies.begin(self.key("k"), self.body, "fourth", now: self.start).answer != nil)
        // Forgotten, its key is free.
        #expect(replies.begin(self.key("k"), other, "fifth", now: self.start + .seconds(60)).isRun == true)
    }

    @Test func whatMayBeTriedAgainIsNotRemembered() {
        var replies = self.replies()
        #expect(replies.begin(self.key("k"), self.body, "first", now: self.start).isRun == true)
        #expect(replies.begin(self.key("k"), self.body, "second", now: self.start).isJoin == true)
        #expect(replies.finished(self.key("k"), reply: nil, now: self.start) == ["second"])
        #expect(replies.begin(self.key("k"), self.body, "third", now: self.start).isRun == true)
        #expect(replies.count == 0 && replies.byteCount == 0)
    }

    @Test func aReplyIsForgottenWhenItsTimeIsOver() {
        var replies = self.replies(seconds: 60)
        #expect(replies.begin(self.key("k"), self.body, "", now: self.start).isRun == true)
        _ = replies.finished(self.key("k"), reply: self.reply("done"), now: self.start)
        #expect(replies.begin(self.key("k"), self.body, "", now: self.start + .seconds(59)).answer != nil)
        #expect(replies.begin(self.key("k"), self.body, "", now: self.start + .seconds(60)).isRun == true)
        #expect(replies.byteCount == 0)
    }

    @Test func theOldestMakesRoomForTheNewest() {
        var replies = self.replies(count: 2)
        for name in ["a", "b", "c"] {
            _ = replies.begin(self.key(name), self.body, "", now: self.start)
            _ = replies.finished(self.key(name), reply: self.reply(name), now: self.start)
        }
        #expect(replies.count == 2)
        #expect(replies.begin(self.key("a"), self.body, "", now: self.start).isRun == true)
        #expect(replies.begin(self.key("b"), self.body, "", now: self.start).answer != nil)
        #expect(replies.begin(self.key("c"), self.body, "", now: self.start).answer != nil)
    }

    @Test func theBytesOfAllRepliesAreBoundedAndOneTooLargeIsNotKept() {
        var replies = self.replies(count: 1000, bytes: 10_000)
        for number in 0..<50 {
            _ = replies.begin(self.key("\(number)"), self.body, "", now: self.start)
            _ = replies.finished(
                self.key("\(number)"), reply: self.reply(String(repeating: "x", count: 1000)), now: self.start)
            #expect(replies.byteCount <= 10_000)
        }
        #expect(replies.count == 6)
        _ = replies.begin(self.key("large"), self.body, "", now: self.start)
        _ = replies.finished(
            self.key("large"), reply: self.reply(String(repeating: "x", count: 10_000)), now: self.start)
        #expect(replies.count == 6)
        #expect(replies.begin(self.key("large"), self.body, "", now: self.start).isRun == true)
    }

    @Test func aRememberedReplyHasItsPropertiesAndBytesOfItsOwn() throws {
        let read = ByteBuffer(repeating: 7, count: 100_000)
        var reply = RPCReply(
            properties: AMQPProperties(
                contentType: "text/plain", correlationID: "theirs",
                headers: ["a": .table(["b": [.bytes(ByteBuffer(bytes: [1, 0xFF])), nil, 3]])]),
            body: try #require(read.getSlice(at: 50_000, length: 10)))
        reply.properties.type = "kind"
        var replies = self.replies()
        _ = replies.begin(self.key("k"), self.body, "", now: self.start)
        _ = replies.finished(self.key("k"), reply: reply, now: self.start)
        let kept = try #require(replies.begin(self.key("k"), self.body, "", now: self.start).answer)
        #expect(kept.body == reply.body)
        #expect(kept.body.capacity < 1000)
        #expect(kept.properties.headers == reply.properties.headers)
        #expect(kept.properties.contentType == "text/plain" && kept.properties.type == "kind")
        #expect(kept.properties.correlationID == nil)
    }
}
