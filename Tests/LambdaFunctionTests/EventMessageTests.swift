import AMQP
import LambdaMessages
import LambdaFunction
import LambdaProtocol
import NIOCore
import Testing

@Suite struct EventMessageTests {
    let now = EpochClock.Instant(millisecondsSinceEpoch: 1_700_000_000_500)
    let id = "7e57c0de-0000-4000-8000-000000000001"

    private func message(_ change: (inout AMQPProperties) -> Void = { _ in }) -> EventMessage {
        var properties = AMQPProperties()
        properties.messageID = AMQPShortString(self.id)
        properties.timestamp = 1_700_000_000
        change(&properties)
        return EventMessage(properties, ByteBuffer(string: "{}"), now: self.now)
    }

    @Test func theRequestIDStaysTheSameThroughAllAttempts() {
        let first = self.message()
        #expect(first.requestID == self.id)
        let later = self.now.advanced(byMilliseconds: 9000)
        let second = EventMessage(first.properties(attempt: 1), first.body, now: later)
        #expect(second.requestID == self.id)
        #expect(second.attempt == 1)
        #expect(second.acceptedSeconds == 1_700_000_000)
        #expect(second.identity != first.identity)
        let third = EventMessage(second.properties(attempt: 2, refusals: 4), second.body, now: self.now)
        #expect(third.attempt == 2)
        #expect(third.refusals == 4)
        #expect(third.properties.headers?.entries.count { $0.key == LambdaHeader.attempt } == 1)
    }

    @Test func aMessageWithoutAnIDOrATimeGetsThemOnce() {
        let first = self.message {
            $0.messageID = "no UUID"
            $0.timestamp = 1
        }
        #expect(RequestID.isValid(first.requestID))
        #expect(first.acceptedSeconds == 1_700_000_000)
        let second = EventMessage(first.properties, first.body, now: self.now.advanced(byMilliseconds: 60_000))
        #expect(second.requestID == first.requestID)
        #expect(second.ageMilliseconds(at: self.now.advanced(byMilliseconds: 60_000)) == 60_500)
        #expect(second.identity == first.identity)
    }

    @Test func whatABrokerWouldActUponIsLeftOut() {
        let message = self.message {
            $0.replyTo = "somebody"
            $0.userID = "guest"
            $0.headers = ["CC": ["elsewhere"], "BCC": ["elsewhere"], "x-death": [], "traceparent": "kept"]
        }
        #expect(message.properties.replyTo == nil)
        #expect(message.properties.userID == nil)
        #expect(message.properties.deliveryMode == 2)
        #expect(message.properties.headers == ["traceparent": "kept"])
    }

    @Test func theTimeToWaitForTheFirstAttemptIsNotThatForTheSecond() {
        let message = self.message { $0.expiration = "1000" }
        #expect(message.properties.expiration == "1000")
        #expect(message.properties(attempt: 1).expiration == nil)
    }

    @Test(arguments: [UInt64.max, UInt64(Int64.max), 1_800_000_000])
    func aTimeInTheFutureIsNoAge(_ timestamp: UInt64) {
        #expect(self.message { $0.timestamp = timestamp }.ageMilliseconds(at: self.now) == 0)
    }

    @Test(arguments: [AMQPValue.int64(-7), "-7", "seven", .int64(.max), .bool(true)])
    func anAttemptThatIsNoneIsTakenForWhatItMayBe(_ value: AMQPValue) {
        let message = self.message { $0.headers = [LambdaHeader.attempt: value] }
        #expect((0...1_000_000).contains(message.attempt))
        #expect(message.properties(attempt: message.attempt + 1).headers?[LambdaHeader.attempt] != nil)
    }

    @Test func aDeadLetterIsReplayedAsIfItHadJustBeenAccepted() {
        var properties = self.message().properties(attempt: 3)
        properties.headers?[LambdaHeader.condition] = "RetriesExhausted"
        properties.headers?["ErrorMessage"] = "no"
        let letter = DeadLetter(properties, ByteBuffer(string: "[1]"))
        #expect(letter.attempts == 3)
        #expect(letter.condition == "RetriesExhausted")
        #expect(letter.error == "no")
        #expect(letter.acceptedAt == "2023-11-14T22:13:20.000Z")
        let replayed = letter.replay(now: self.now.advanced(byMilliseconds: 10_000))
        #expect(replayed.body == ByteBuffer(string: "[1]"))
        #expect(replayed.properties.messageID?.string == self.id)
        #expect(replayed.properties.timestamp == 1_700_000_010)
        #expect(replayed.properties.headers == [:])
    }

    @Test(arguments: ["", "x y", "-1 2", "0 99", "99 0", "1 2 3", "9223372036854775807 9223372036854775807"])
    func aRangeThatIsNoneLeavesTheWholeBody(_ range: String) {
        let headers: AMQPTable = [LambdaHeader.eventRange: .string(range)]
        let letter = DeadLetter(AMQPProperties(contentType: nil, headers: headers), ByteBuffer(string: "body"))
        #expect(letter.event == ByteBuffer(string: "body"))
    }

    @Test func onlyTheLatestSettledEventsAreRememberedAndEachOnce() {
        var settled = SettledEvents()
        let first = self.message()
        settled.insert(first.identity)
        #expect(settled.remove(first.identity) == true)
        #expect(settled.remove(first.identity) == false)
        settled.insert(first.identity)
        for attempt in 1...1000 {
            settled.insert(EventMessage(first.properties(attempt: attempt), first.body, now: self.now).identity)
        }
        #expect(settled.remove(first.identity) == false)
    }
}
