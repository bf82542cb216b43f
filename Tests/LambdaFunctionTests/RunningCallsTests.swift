import AMQP
import LambdaFunction
import NIOCore
import Testing

@Suite struct RunningCallsTests {
    typealias Calls = RunningCalls<String>
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func properties(_ id: String?) -> AMQPProperties {
        var properties = AMQPProperties(contentType: nil, correlationID: id.map { AMQPShortString($0) })
        properties.replyTo = "replies"
        return properties
    }

    private func call(
        _ id: String?, event: String = "{}", on channel: String = "A", tag: UInt64 = 1, deadline: NIODeadline? = nil
    ) -> Calls.Call {
        .init(
            requestID: "request-\(id ?? "-")", properties: self.properties(id), event: ByteBuffer(string: event),
            deadline: deadline, delivery: .init(channel: channel, tag: tag))
    }

    private func identity(_ id: String, event: String = "{}") throws -> CallIdentity {
        try #require(CallIdentity(self.properties(id), event: ByteBuffer(string: event)))
    }

    @Test func aCallEndsWithTheDeliveryThatItCameBy() {
        var calls = Calls()
        let slot = calls.insert(self.call("1", tag: 7)).slot
        let ended = calls.remove(slot)
        #expect(ended?.delivery?.channel == "A")
        #expect(ended?.delivery?.tag == 7)
        #expect(calls.remove(slot) == nil)
        #expect(calls.count == 0)
    }

    @Test func aDeliveryOfTheNextChannelJoinsTheRunAndIsWhatItsReplyAcknowledges() throws {
        var calls = Calls()
        let slot = calls.insert(self.call("1", tag: 7)).slot
        #expect(!calls.hasOrphans)
        calls.channelsLost { $0 == "A" }
        #expect(calls.hasOrphans)
        #expect(calls.join(try self.identity("1"), .init(channel: "B", tag: 1)))
        #expect(!calls.hasOrphans)
        let ended = calls.remove(slot)
        #expect(ended?.delivery?.channel == "B")
        #expect(ended?.delivery?.tag == 1)
    }

    @Test func nothingJoinsARunWhoseChannelStands() throws {
        var calls = Calls()
        _ = calls.insert(self.call("1"))
        #expect(!calls.join(try self.identity("1"), .init(channel: "A", tag: 2)))
        calls.channelsLost { $0 == "B" }
        #expect(!calls.join(try self.identity("1"), .init(channel: "A", tag: 2)))
    }

    @Test func twoCallsWithOneCorrelationIDAreToldApartByTheirEvents() throws {
        var calls = Calls()
        let first = calls.insert(self.call("1", event: "[1]")).slot
        let second = calls.insert(self.call("1", event: "[2]")).slot
        calls.channelsLost { _ in true }
        #expect(calls.join(try self.identity("1", event: "[2]"), .init(channel: "B", tag: 1)))
        #expect(!calls.join(try self.identity("1", event: "[2]"), .init(channel: "B", tag: 2)))
        #expect(!calls.join(try self.identity("1", event: "[3]"), .init(channel: "B", tag: 3)))
        #expect(calls.remove(first)?.delivery == nil)
        #expect(calls.remove(second)?.delivery?.tag == 1)
    }

    @Test func ofTwoEqualCallsEachIsJoinedByOneDelivery() throws {
        var calls = Calls()
        let slots = [calls.insert(self.call("1")).slot, calls.insert(self.call("1")).slot]
        calls.channelsLost { _ in true }
        #expect(calls.join(try self.identity("1"), .init(channel: "B", tag: 1)))
        #expect(calls.join(try self.identity("1"), .init(channel: "B", tag: 2)))
        #expect(!calls.join(try self.identity("1"), .init(channel: "B", tag: 3)))
        #expect(Set(slots.compactMap { calls.remove($0)?.delivery?.tag }) == [1, 2])
    }

    @Test func aCallWithoutAnyIDIsNeverJoined() {
        var calls = Calls()
        let slot = calls.insert(self.call(nil)).slot
        calls.channelsLost { _ in true }
        #expect(CallIdentity(self.properties(nil), event: ByteBuffer(string: "{}")) == nil)
        #expect(!calls.hasOrphans)
        #expect(calls.remove(slot)?.delivery == nil)
    }

    @Test func aRunThatHasEndedIsNotJoined() throws {
        var calls = Calls()
        let slot = calls.insert(self.call("1")).slot
        calls.channelsLost { _ in true }
        #expect(calls.remove(slot) != nil)
        #expect(!calls.hasOrphans)
        #expect(!calls.join(try self.identity("1"), .init(channel: "B", tag: 1)))
    }

    @Test func aRunMayBeJoinedAfterEachOfSeveralLosses() throws {
        var calls = Calls()
        let slot = calls.insert(self.call("1")).slot
        for channel in ["B", "C", "D"] {
            calls.channelsLost { _ in true }
            calls.channelsLost { _ in true }
            #expect(calls.join(try self.identity("1"), .init(channel: channel, tag: 1)))
        }
        #expect(calls.remove(slot)?.delivery?.channel == "D")
    }

    @Test func aRunWhoseConsumerTheBrokerEndedIsJoinedOnTheChannelThatStands() throws {
        var calls = Calls()
        let slots = [calls.insert(self.call("1", tag: 1)).slot, calls.insert(self.call("2", tag: 2)).slot]
        #expect(calls.deliveryTags { $0 == "A" } == [1, 2])
        #expect(calls.deliveryTags { $0 == "B" } == [])
        calls.consumerCancelled { $0 == "A" }
        calls.consumerCancelled { $0 == "A" }
        // Their messages may come again under other tags, and take credit then.
        #expect(calls.deliveryTags { $0 == "A" } == [])
        #expect(calls.join(try self.identity("1"), .init(channel: "A", tag: 3)))
        #expect(calls.deliveryTags { $0 == "A" } == [3])
        #expect(!calls.join(try self.identity("1"), .init(channel: "A", tag: 4)))
        #expect(calls.remove(slots[0])?.delivery?.tag == 3)
        // What does not come again is acknowledged as it came.
        #expect(calls.remove(slots[1])?.delivery?.tag == 2)
        #expect(!calls.hasOrphans)
    }

    @Test func aRunThatIsJoinedAfterItsConsumerWasEndedMayLoseItsChannelToo() throws {
        var calls = Calls()
        let slot = calls.insert(self.call("1")).slot
        calls.consumerCancelled { _ in true }
        calls.channelsLost { _ in true }
        #expect(calls.join(try self.identity("1"), .init(channel: "B", tag: 5)))
        #expect(!calls.join(try self.identity("1"), .init(channel: "B", tag: 6)))
        #expect(calls.remove(slot)?.delivery?.tag == 5)
    }

    @Test func theCheckIsAskedForOnceAsLongAsNoEarlierDeadlineComes() {
        var calls = Calls()
        let deadline = self.start + .seconds(10)
        #expect(calls.insert(self.call("1")).checkAt == nil)
        #expect(calls.insert(self.call("2", deadline: deadline)).checkAt == deadline + Calls.grace)
        #expect(calls.insert(self.call("3", deadline: deadline)).checkAt == nil)
        #expect(calls.insert(self.call("4", deadline: deadline + .seconds(1))).checkAt == nil)
        let earlier = self.start + .seconds(5)
        #expect(calls.insert(self.call("5", deadline: earlier)).checkAt == earlier + Calls.grace)
    }

    @Test func aCallerIsToldOnceThatItsTimeIsOver() {
        var calls = Calls()
        let deadline = self.start + .seconds(10)
        let slot = calls.insert(self.call("1", deadline: deadline)).slot
        _ = calls.insert(self.call("2", deadline: deadline + .seconds(3)))
        _ = calls.insert(self.call("3"))
        #expect(calls.late(now: deadline).calls.isEmpty)
        let late = calls.late(now: deadline + Calls.grace)
        #expect(late.calls.map(\.requestID) == ["request-1"])
        #expect(late.checkAt == deadline + .seconds(3) + Calls.grace)
        #expect(calls.late(now: deadline + .seconds(1)).calls.isEmpty)
        #expect(calls.remove(slot)?.isAnswered == true)
        let last = calls.late(now: deadline + .seconds(4))
        #expect(last.calls.map(\.requestID) == ["request-2"])
        #expect(last.checkAt == nil)
        // The next call with a deadline has the check again.
        #expect(calls.insert(self.call("4", deadline: deadline + .seconds(9))).checkAt != nil)
    }

    @Test func aCallerWhoseTimeEndsWhileTheChannelIsAwayIsToldWhenTheMessageHasComeAgain() throws {
        var calls = Calls()
        _ = calls.insert(self.call("1", deadline: self.start))
        calls.channelsLost { _ in true }
        let now = self.start + .seconds(1)
        let away = calls.late(now: now)
        #expect(away.calls.isEmpty)
        #expect(away.checkAt == now + .seconds(1))
        #expect(calls.join(try self.identity("1"), .init(channel: "B", tag: 1)))
        let back = calls.late(now: now + .seconds(1))
        #expect(back.calls.map(\.requestID) == ["request-1"])
        #expect(back.checkAt == nil)
    }

    @Test func aLateCallThatLosesItsChannelStaysAnswered() throws {
        var calls = Calls()
        let slot = calls.insert(self.call("1", deadline: self.start)).slot
        #expect(calls.late(now: self.start + .seconds(1)).calls.count == 1)
        calls.channelsLost { _ in true }
        #expect(calls.join(try self.identity("1"), .init(channel: "B", tag: 1)))
        #expect(calls.remove(slot)?.isAnswered == true)
    }

    @Test func whatWasGivenBackUnstartedIsForgottenAndTheRestStays() throws {
        var calls = Calls()
        let slots = [1, 2, 3].map { calls.insert(self.call("\($0)", tag: UInt64($0))).slot }
        let other = calls.insert(self.call("4", on: "B", tag: 2)).slot
        calls.forget([2, 3], on: { $0 == "A" })
        #expect(calls.count == 2)
        #expect(calls.remove(slots[1]) == nil)
        calls.channelsLost { _ in true }
        #expect(!calls.join(try self.identity("2"), .init(channel: "C", tag: 1)))
        #expect(calls.join(try self.identity("4"), .init(channel: "C", tag: 2)))
        #expect(calls.remove(other)?.delivery?.tag == 2)
        #expect(calls.remove(slots[0]) != nil)
    }

    @Test func numbersAreUsedAgain() {
        var calls = Calls()
        for _ in 0..<100 {
            let slots = (0..<3).map { calls.insert(self.call("\($0)")).slot }
            #expect(Set(slots) == [0, 1, 2])
            for slot in slots { #expect(calls.remove(slot) != nil) }
        }
    }

    @Test func eventsOfMegabytesDifferByTheirEndsOrTheirSize() {
        let large = ByteBuffer(repeating: 0x61, count: 1_000_000)
        var otherEnd = large
        otherEnd.setInteger(UInt8(0x62), at: 999_999)
        #expect(EventDigest(large) == EventDigest(ByteBuffer(repeating: 0x61, count: 1_000_000)))
        #expect(EventDigest(large) != EventDigest(otherEnd))
        #expect(EventDigest(large) != EventDigest(ByteBuffer(repeating: 0x61, count: 999_999)))
        #expect(EventDigest(ByteBuffer()) == EventDigest(ByteBuffer()))
    }
}
