import AMQP
import AMQPRPC
import NIOCore
import Testing

@Suite struct PendingCallsTests {
    private var calls = PendingCalls<String>(epoch: 7)

    private func at(_ milliseconds: Int64) -> NIODeadline {
        .uptimeNanoseconds(0) + .milliseconds(milliseconds)
    }

    private mutating func call(_ name: String, until milliseconds: Int64 = 1000) -> CallID {
        let id = self.calls.reserve()
        #expect(self.calls.wait(name, for: id, until: self.at(milliseconds)) == .publish)
        return id
    }

    @Test mutating func replyResumesItsOwnCaller() {
        let a = self.call("a")
        let b = self.call("b")
        #expect(a != b)
        #expect(self.calls.replyReceived(for: b) == .resume("b"))
        #expect(self.calls.replyReceived(for: a) == .resume("a"))
        #expect(self.calls.count == 0)
    }

    @Test mutating func callThatBeginsAtOnceIsLikeOneThatWasReserved() {
        let reserved = self.call("a")
        let begun = self.calls.begin("b", until: self.at(500))
        #expect(reserved != begun)
        #expect(self.calls.isWaiting(begun))
        #expect(self.calls.nextDeadline() == self.at(500))
        #expect(self.calls.wait("c", for: begun, until: self.at(1)) == .refuse("c"))
        #expect(self.calls.cancelled(begun) == .resume("b"))
        #expect(self.calls.replyReceived(for: begun) == .drop)
        #expect(self.calls.nextDeadline() == self.at(1000))
        #expect(self.calls.connectionLost() == ["a"])
    }

    @Test mutating func secondReplyFindsNobody() {
        let a = self.call("a")
        #expect(self.calls.replyReceived(for: a) == .resume("a"))
        #expect(self.calls.replyReceived(for: a) == .drop)
    }

    @Test mutating func replyToACallNobodyMadeFindsNobody() {
        #expect(self.calls.replyReceived(for: CallID(number: 1)) == .drop)
        let reserved = self.calls.reserve()
        #expect(self.calls.replyReceived(for: reserved) == .drop)
        #expect(self.calls.count == 1)
    }

    @Test mutating func returnedRequestEndsItsCall() {
        let a = self.call("a")
        #expect(self.calls.returned(a) == .resume("a"))
        #expect(self.calls.replyReceived(for: a) == .drop)
    }

    @Test mutating func callerCancelledBeforeItWaitsIsRefused() {
        let a = self.calls.reserve()
        #expect(self.calls.cancelled(a) == .drop)
        #expect(self.calls.wait("a", for: a, until: self.at(1)) == .refuse("a"))
        #expect(self.calls.count == 0)
        #expect(self.calls.nextDeadline() == nil)
    }

    @Test mutating func callerCancelledWhileItWaitsIsResumedAndItsLateReplyDropped() {
        let a = self.call("a")
        #expect(self.calls.cancelled(a) == .resume("a"))
        #expect(self.calls.cancelled(a) == .drop)
        #expect(self.calls.replyReceived(for: a) == .drop)
    }

    @Test mutating func callThatWaitsTwiceOrUnreservedIsRefused() {
        let a = self.call("a")
        #expect(self.calls.wait("again", for: a, until: self.at(1)) == .refuse("again"))
        #expect(self.calls.replyReceived(for: a) == .resume("a"))
        #expect(self.calls.wait("late", for: a, until: self.at(1)) == .refuse("late"))
    }

    @Test mutating func deadlinesExpireInTheirOwnOrder() {
        _ = self.call("late", until: 30)
        _ = self.call("early", until: 10)
        _ = self.call("middle", until: 20)
        #expect(self.calls.nextDeadline() == self.at(10))
        #expect(self.calls.expire(now: self.at(9)) == [])
        #expect(self.calls.expire(now: self.at(20)) == ["early", "middle"])
        #expect(self.calls.nextDeadline() == self.at(30))
        #expect(self.calls.expire(now: self.at(30)) == ["late"])
        #expect(self.calls.nextDeadline() == nil)
    }

    @Test mutating func endedCallDoesNotExpire() {
        let a = self.call("a", until: 10)
        _ = self.call("b", until: 20)
        #expect(self.calls.replyReceived(for: a) == .resume("a"))
        #expect(self.calls.nextDeadline() == self.at(20))
        #expect(self.calls.expire(now: self.at(20)) == ["b"])
    }

    @Test mutating func lostConnectionEndsEveryCallThatWaits() {
        let a = self.call("a")
        _ = self.call("b")
        let reserved = self.calls.reserve()
        #expect(self.calls.connectionLost().sorted() == ["a", "b"])
        #expect(self.calls.replyReceived(for: a) == .drop)
        #expect(self.calls.expire(now: self.at(5000)) == [])
        // The one that had not been sent goes out on the next connection.
        #expect(self.calls.wait("c", for: reserved, until: self.at(1)) == .publish)
        #expect(self.calls.expire(now: self.at(1)) == ["c"])
    }

    @Test mutating func idsOfTwoConnectionsDiffer() {
        let a = self.call("a")
        _ = self.calls.connectionLost()
        let b = self.call("b")
        #expect(a.number >> 48 == 7 && b.number >> 48 == 8)
    }

    @Test mutating func deadlinesOfEndedCallsAreSweptOut() {
        // A client with long deadlines and quick replies must not keep an entry a call until the deadline.
        var random: UInt64 = 1
        for index in 0..<100_000 {
            random = random &* 6_364_136_223_846_793_005 &+ 1
            let id = self.call("\(index)", until: 60_000 + Int64(random >> 50))
            #expect(self.calls.replyReceived(for: id) == .resume("\(index)"))
        }
        #expect(self.calls.count == 0)
        #expect(self.calls.nextDeadline() == nil)
    }

    @Test mutating func manyDeadlinesExpireSorted() {
        var random: UInt64 = 3
        var expected: [Int64] = []
        for _ in 0..<5_000 {
            random = random &* 6_364_136_223_846_793_005 &+ 1
            let deadline = Int64(random >> 48)
            let id = self.call("\(deadline)", until: deadline)
            if random >> 40 & 3 == 0 {
                #expect(self.calls.replyReceived(for: id) == .resume("\(deadline)"))
            } else {
                expected.append(deadline)
            }
        }
        #expect(self.calls.expire(now: self.at(.init(UInt16.max))) == expected.sorted().map { "\($0)" })
    }
}

@Suite struct CallIDTests {
    @Test func correlationIDIsSixteenDigitsThereAndBack() {
        let id = CallID(epoch: 0xABCD, count: 0x12)
        #expect(id.correlationID == "abcd000000000012")
        #expect(CallID(correlationID: id.correlationID) == id)
        #expect(CallID(correlationID: CallID(number: .max).correlationID)?.number == .max)
    }

    @Test(
        arguments: [
            nil, "", "0", "abcd00000000001", "abcd0000000000123", "ABCD000000000012", "abcd00000000001g",
            "+123456789012345",
        ] as [AMQPShortString?])
    func otherCorrelationIDsAreNotOurs(correlationID: AMQPShortString?) {
        #expect(CallID(correlationID: correlationID) == nil)
    }
}
