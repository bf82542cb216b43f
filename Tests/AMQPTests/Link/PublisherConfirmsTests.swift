import NIOCore
import Testing

@testable import AMQP

@Suite struct PublisherConfirmsTests {
    private typealias Confirms = PublisherConfirms<String>
    private var confirms = Confirms()
    private let noRoute = ServerMethod.Return(replyCode: 312, replyText: "NO_ROUTE", exchange: "", routingKey: "nobody")

    private func fingerprint(_ body: String, messageID: AMQPShortString? = nil) -> Confirms.Fingerprint {
        var properties = AMQPProperties()
        properties.messageID = messageID
        return .init(exchange: "", routingKey: "nobody", properties: properties, body: ByteBuffer(string: body))
    }

    private func lines(_ settled: [(String, PublishOutcome)]?) -> [String]? {
        settled?.map { waiter, outcome in
            switch outcome {
            case .confirmed: "\(waiter) confirmed"
            case .nacked: "\(waiter) nacked"
            case .returned(let code, _): "\(waiter) returned \(code)"
            }
        }
    }

    private mutating func publish(_ waiters: String...) {
        for waiter in waiters { self.confirms.published(waiter, fingerprint: nil) }
    }

    @Test mutating func publishesAreNumberedFromOne() {
        #expect(self.confirms.nextTag == 1)
        #expect(self.confirms.published("a", fingerprint: nil) == 1)
        #expect(self.confirms.published("b", fingerprint: nil) == 2)
        #expect(self.confirms.count == 2)
    }

    @Test mutating func aSingleConfirmSettlesItsPublishAlone() {
        self.publish("a", "b", "c")
        #expect(self.lines(self.confirms.acked(deliveryTag: 2, multiple: false)) == ["b confirmed"])
        #expect(self.confirms.count == 3)
        #expect(self.lines(self.confirms.acked(deliveryTag: 1, multiple: false)) == ["a confirmed"])
        #expect(self.confirms.count == 1)
        #expect(self.lines(self.confirms.nacked(deliveryTag: 3, multiple: false)) == ["c nacked"])
        #expect(self.confirms.nextTag == 4)
    }

    @Test mutating func multipleSettlesAllUpToItThatAreNotSettled() {
        self.publish("a", "b", "c", "d")
        _ = self.confirms.acked(deliveryTag: 2, multiple: false)
        #expect(self.lines(self.confirms.acked(deliveryTag: 3, multiple: true)) == ["a confirmed", "c confirmed"])
        #expect(self.lines(self.confirms.nacked(deliveryTag: 0, multiple: true)) == ["d nacked"])
        #expect(self.confirms.count == 0)
    }

    @Test mutating func whatIsSettledAlreadyIsNotSettledAgain() {
        self.publish("a", "b")
        _ = self.confirms.acked(deliveryTag: 1, multiple: false)
        #expect(self.lines(self.confirms.acked(deliveryTag: 1, multiple: false)) == [])
        #expect(self.lines(self.confirms.acked(deliveryTag: 1, multiple: true)) == [])
        #expect(self.lines(self.confirms.acked(deliveryTag: 0, multiple: true)) == ["b confirmed"])
        #expect(self.lines(self.confirms.acked(deliveryTag: 0, multiple: true)) == [])
    }

    @Test mutating func aNumberThatWasNeverPublishedIsUnknown() {
        #expect(self.lines(self.confirms.acked(deliveryTag: 1, multiple: false)) == nil)
        self.publish("a")
        #expect(self.lines(self.confirms.nacked(deliveryTag: 2, multiple: true)) == nil)
        #expect(self.lines(self.confirms.acked(deliveryTag: .max, multiple: false)) == nil)
        #expect(self.confirms.count == 1)
    }

    @Test mutating func aReturnIsMatchedWithItsPublishAmongOthers() {
        self.confirms.published("a", fingerprint: self.fingerprint("1"))
        self.confirms.published("b", fingerprint: self.fingerprint("2"))
        self.confirms.published("c", fingerprint: nil)
        #expect(self.confirms.returned(self.noRoute, fingerprint: self.fingerprint("2")) == true)
        #expect(
            self.lines(self.confirms.acked(deliveryTag: 3, multiple: true))
                == ["a confirmed", "b returned 312", "c confirmed"])
    }

    @Test mutating func equalMessagesAreReturnedOldestFirst() {
        for waiter in ["a", "b", "c"] { self.confirms.published(waiter, fingerprint: self.fingerprint("same")) }
        _ = self.confirms.acked(deliveryTag: 1, multiple: false)
        #expect(self.confirms.returned(self.noRoute, fingerprint: self.fingerprint("same")) == true)
        #expect(self.lines(self.confirms.acked(deliveryTag: 2, multiple: false)) == ["b returned 312"])
        #expect(self.confirms.returned(self.noRoute, fingerprint: self.fingerprint("same")) == true)
        #expect(self.lines(self.confirms.acked(deliveryTag: 3, multiple: false)) == ["c returned 312"])
    }

    @Test mutating func aReturnOfWhatNobodyWaitsForIsNotMatched() {
        self.confirms.published("a", fingerprint: self.fingerprint("1", messageID: "one"))
        #expect(self.confirms.returned(self.noRoute, fingerprint: self.fingerprint("1", messageID: "two")) == false)
        #expect(self.confirms.returned(self.noRoute, fingerprint: self.fingerprint("2", messageID: "one")) == false)
        #expect(self.lines(self.confirms.acked(deliveryTag: 1, multiple: false)) == ["a confirmed"])
    }

    @Test mutating func aPublishWithoutWaiterStillTakesItsNumber() {
        self.confirms.published(nil, fingerprint: nil)
        self.publish("b")
        #expect(self.lines(self.confirms.acked(deliveryTag: 1, multiple: false)) == [])
        #expect(self.lines(self.confirms.acked(deliveryTag: 2, multiple: false)) == ["b confirmed"])
    }

    @Test mutating func aClosedChannelFailsEverybodyWhoStillWaits() {
        self.publish("a", "b", "c")
        _ = self.confirms.acked(deliveryTag: 2, multiple: false)
        #expect(self.confirms.channelClosed() == (["a"], "c"))
        #expect(self.confirms.channelClosed() == ([], nil))
        #expect(self.confirms.count == 0)
    }

    @Test mutating func theLastOfAClosedChannelIsNobodyWhereNobodyWaitsForTheLastPublish() {
        self.publish("a", "b")
        self.confirms.published(nil, fingerprint: nil)
        #expect(self.confirms.channelClosed() == (["a", "b"], nil))
    }
}
