import AMQP
import AMQPRPC
import NIOCore
import Testing

@Suite struct ReplyStreamStateMachineTests {
    private final class Ticket {}
    private let tickets = (0..<4).map { _ in Ticket() }

    private func ticket(_ index: Int) -> ObjectIdentifier { ObjectIdentifier(self.tickets[index]) }

    /// The next element with its number.
    private func next(_ stream: inout ReplyStreamStateMachine<String>, isWritable: Bool = true) -> String? {
        stream.next(isWritable: isWritable).map { "\($0.element)\($0.sequence)" }
    }

    @Test func elementsLeaveInOrderAsLongAsThereIsCredit() {
        var stream = ReplyStreamStateMachine<String>(credit: 2)
        for (index, text) in ["a", "b", "c"].enumerated() {
            #expect(stream.enqueue(text, self.ticket(index)) == true)
        }
        #expect(self.next(&stream) == "a0")
        #expect(self.next(&stream) == "b1")
        #expect(self.next(&stream) == nil)
        stream.credited(1)
        #expect(self.next(&stream) == "c2")
        #expect(stream.sentCount == 3)
    }

    @Test func nothingLeavesWhileTheConnectionDoesNotKeepUp() {
        var stream = ReplyStreamStateMachine<String>(credit: 1)
        #expect(stream.enqueue("a", self.ticket(0)) == true)
        #expect(self.next(&stream, isWritable: false) == nil)
        #expect(self.next(&stream) == "a0")
    }

    @Test func aCancelledElementTakesNoCreditAndNoNumber() {
        var stream = ReplyStreamStateMachine<String>(credit: 0)
        #expect(stream.enqueue("a", self.ticket(0)) == true)
        #expect(stream.enqueue("b", self.ticket(1)) == true)
        #expect(stream.cancelled(self.ticket(0)) == "a")
        #expect(stream.cancelled(self.ticket(0)) == nil)
        stream.credited(1)
        #expect(self.next(&stream) == "b0")
    }

    @Test func theEndTellsThoseWhoWaitAndTakesNothingMore() {
        var stream = ReplyStreamStateMachine<String>(credit: 0)
        #expect(stream.enqueue("a", self.ticket(0)) == true)
        #expect(stream.enqueue("b", self.ticket(1)) == true)
        #expect(stream.end() == ["a", "b"])
        #expect(stream.isOpen == false)
        #expect(stream.enqueue("c", self.ticket(2)) == false)
        stream.credited(5)
        #expect(self.next(&stream) == nil)
        #expect(stream.end() == [])
    }

    @Test(arguments: [(Int.max, [Int.max, Int.max]), (-5, [Int.min, 70_000]), (65_535, [1])])
    func noCreditOverflows(first: Int, more: [Int]) {
        var stream = ReplyStreamStateMachine<Int>(credit: first)
        for credit in more { stream.credited(credit) }
        var sent = 0
        while stream.enqueue(sent, self.ticket(0)), stream.next(isWritable: true) != nil { sent += 1 }
        #expect(sent == 65_535)
    }
}

@Suite struct ReplyStreamReceiverTests {
    private func element(_ sequence: Int64) -> AMQPProperties {
        self.headers([RPCHeader.streamSequence: .int64(sequence)])
    }

    private func end(_ count: Int64) -> AMQPProperties { self.headers([RPCHeader.streamEnd: .int64(count)]) }

    private func last(_ sequence: Int64, _ count: Int64) -> AMQPProperties {
        self.headers([RPCHeader.streamSequence: .int64(sequence), RPCHeader.streamEnd: .int64(count)])
    }

    private func headers(_ headers: AMQPTable) -> AMQPProperties { AMQPProperties(contentType: nil, headers: headers) }

    private func isBroken(_ action: ReplyStreamReceiver.Action) -> Bool {
        if case .fail(.connectionLost, _) = action { true } else { false }
    }

    @Test func elementsComeInOrderAndThenTheEnd() {
        var receiver = ReplyStreamReceiver(window: 4)
        #expect(receiver.received(self.element(0)) == .element)
        #expect(receiver.received(self.headers([RPCHeader.beat: true])) == .drop)
        #expect(receiver.received(self.element(1)) == .element)
        #expect(receiver.received(self.end(2)) == .end)
        #expect(receiver.received(self.element(2)) == .drop)
    }

    @Test func theLastElementMayCarryTheEnd() {
        var receiver = ReplyStreamReceiver(window: 1)
        #expect(receiver.received(self.element(0)) == .element)
        // It needs no credit.
        #expect(receiver.received(self.last(1, 2)) == .lastElement)
        var short = ReplyStreamReceiver(window: 1)
        let action = short.received(self.last(0, 2))
        #expect(self.isBroken(action))
    }

    @Test func aServerThatKnowsNoStreamsAnswersOnce() {
        var receiver = ReplyStreamReceiver(window: 1)
        #expect(receiver.received(AMQPProperties()) == .lastElement)
        #expect(receiver.received(AMQPProperties()) == .drop)
    }

    @Test func aStreamThatAnotherServerBeginsAgainIsBroken() {
        for properties in [self.element(0), self.end(0), AMQPProperties(), self.element(2), self.end(2)] {
            var receiver = ReplyStreamReceiver(window: 4)
            #expect(receiver.received(self.element(0)) == .element)
            let action = receiver.received(properties)
            #expect(self.isBroken(action))
            #expect(receiver.received(self.element(1)) == .drop)
        }
    }

    @Test func aServerThatSendsMoreThanItMayIsRefused() {
        var receiver = ReplyStreamReceiver(window: 2)
        #expect(receiver.received(self.element(0)) == .element)
        #expect(receiver.received(self.element(1)) == .element)
        guard case .fail(.protocolViolation, _) = receiver.received(self.element(2)) else {
            Issue.record("the third element had no credit")
            return
        }
    }

    @Test func creditIsGivenForHalfAWindowAtATime() {
        var receiver = ReplyStreamReceiver(window: 4)
        #expect(receiver.initialCredit == 4)
        #expect(receiver.received(self.element(0)) == .element)
        #expect(receiver.consumed() == nil)
        #expect(receiver.received(self.element(1)) == .element)
        #expect(receiver.consumed() == 2)
        for sequence in 2..<6 { #expect(receiver.received(self.element(Int64(sequence))) == .element) }
        #expect(receiver.received(self.end(6)) == .end)
        #expect(receiver.consumed() == nil)
    }
}

@Suite struct RPCFaultTests {
    @Test func aFaultIsTheSameAfterItsWayAsAReply() throws {
        let fault = RPCFault(
            type: "OutOfStock", status: 409, message: "nothing is left", isRetriable: true, details: .init(string: "{}"))
        #expect(try #require(RPCFault(fault.reply)) == fault)
        #expect("\(fault)" == "OutOfStock (409): nothing is left")
    }

    @Test func aReplyWithoutTheHeaderIsASuccess() {
        #expect(RPCFault(RPCReply(body: .init())) == nil)
        let other = AMQPProperties(contentType: nil, headers: ["X-RPC-Fault-Status": 500])
        #expect(RPCFault(RPCReply(properties: other, body: .init())) == nil)
    }

    @Test func aFaultOfAnotherLibraryNeedsOnlyItsType() throws {
        let headers: AMQPTable = ["X-RPC-Fault-Type": "Odd", "X-RPC-Fault-Status": "not a number"]
        let reply = RPCReply(properties: AMQPProperties(contentType: nil, headers: headers), body: .init())
        let fault = try #require(RPCFault(reply))
        #expect(fault == RPCFault(type: "Odd", status: 500, message: "Odd"))
    }

    @Test func theKeyOfARequestIsAHeader() {
        var request = RPCRequest(routingKey: "q", body: .init())
        request.idempotencyKey = nil
        #expect(request.properties.headers == nil)
        request.idempotencyKey = "one"
        #expect(request.properties.headers == ["X-RPC-Idempotency-Key": "one"])
        #expect(request.idempotencyKey == "one")
    }
}
