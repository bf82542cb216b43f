import NIOCore
import TestSupport
import Testing

@testable import AMQP

@Suite struct AMQPLinkChannelTests {
    private func error<Value>(of future: EventLoopFuture<Value>) -> AMQPError? {
        var error: AMQPError?
        future.assumeIsolated().whenFailure { error = $0 as? AMQPError }
        return error
    }

    @Test func closesThatCrossEndTheChannelAloneAndFreeItsNumber() throws {
        let (harness, channel) = try LinkHarness.withChannel()
        defer { harness.hangUp() }
        let closed = channel.close()
        #expect(harness.sentMethods() == ["20.40"])
        harness.receive(RawFrame.channelClose(404, "no exchange", channel: 1))
        #expect(harness.sentMethods() == ["20.41"])
        harness.receive(RawFrame.method(20, 41, channel: 1))
        try closed.wait()
        #expect(harness.link.isOpen)
        let next = harness.link.openChannel()
        harness.receive(RawFrame.channelOpenOK(1))
        #expect(try next.wait().number == 1)
    }

    @Test func anArgumentThatCannotBeSentFailsItsCallAloneAndTheConnectionStays() throws {
        let (harness, channel) = try LinkHarness.withChannel()
        defer { harness.hangUp() }
        let long = String(repeating: "l", count: 256)
        let declared = channel.request(.queueDeclare(.init(name: long), passive: false), expecting: .queueDeclareOK)
        #expect(self.error(of: declared)?.code == .invalidArgument)
        let consumed = channel.consume(.init(queue: long), deliver: { _ in }, cancelled: {})
        #expect(self.error(of: consumed)?.code == .invalidArgument)
        #expect(harness.sentMethods() == [])
        let qos = channel.request(.basicQos(prefetchCount: 1, isGlobal: false), expecting: .qosOK)
        harness.receive(RawFrame.method(60, 11, channel: 1))
        _ = try qos.wait()
        #expect(harness.link.isOpen)
    }

    @Test func whatIsSentWithoutAFlushLeavesWithWhatIsSentNext() throws {
        let (harness, channel) = try LinkHarness.withChannel()
        defer { harness.hangUp() }
        func publish(_ byteCount: Int) throws {
            try channel.publish(
                exchange: "", routingKey: "q", isMandatory: false, properties: .init(),
                body: ByteBuffer(repeating: 0x78, count: byteCount))
        }
        let message = ["60.40", "header", "body"]
        harness.link.withoutFlush { _ = try? publish(1) }
        #expect(harness.sentMethods() == [])
        try channel.ack(1)
        #expect(harness.sentMethods() == message + ["60.80"])

        harness.link.withoutFlush { _ = try? publish(1) }
        harness.link.scheduleFlush()
        #expect(harness.sentMethods() == message)

        // Large ones do not wait, nor what waited before them.
        harness.link.withoutFlush { _ = try? publish(1) }
        harness.link.withoutFlush { _ = try? publish(OutboundBuffer.copyLimit) }
        #expect(harness.sentMethods() == message + message)
        harness.link.withoutFlush { _ = try? publish(OutboundBuffer.copyLimit + 1) }
        #expect(harness.sentMethods() == message)

        // What waits is sent before the link closes.
        harness.link.withoutFlush { _ = try? publish(1) }
        _ = harness.link.close()
        #expect(harness.sentMethods() == message + ["10.50"])
    }

    @Test func aConsumerTagInUseIsRefusedHereSinceTheBrokerWouldCloseTheConnection() throws {
        let (harness, channel) = try LinkHarness.withChannel()
        defer { harness.hangUp() }
        let first = channel.consume(.init(queue: "q", consumerTag: "c1"), deliver: { _ in }, cancelled: {})
        #expect(
            self.error(of: channel.consume(.init(queue: "q", consumerTag: "c1"), deliver: { _ in }, cancelled: {}))?
                .code
                == .invalidArgument)
        let ours = channel.consume(.init(queue: "q"), deliver: { _ in }, cancelled: {})
        for tag in ["c1", "c2"] { harness.receive(RawFrame.method(60, 21, RawFrame.short(tag), channel: 1)) }
        #expect(try first.wait() == "c1")
        #expect(try ours.wait() == "c2")
    }

    @Test func publishesBetweenConfirmSelectAndItsReplyAreCounted() throws {
        let (harness, channel) = try LinkHarness.withChannel()
        defer { harness.hangUp() }
        let selected = channel.selectConfirms()
        var outcomes: [String] = []
        func publish(_ name: String) throws {
            try channel.publish(
                exchange: "", routingKey: "q", isMandatory: false, properties: .init(), body: ByteBuffer(string: name)
            ) { result in
                if case .success(.confirmed) = result { outcomes.append(name) }
            }
        }
        try publish("early")
        harness.receive(RawFrame.method(85, 11, channel: 1))
        try selected.wait()
        try publish("late")
        harness.receive(RawFrame.method(60, 80, RawFrame.number(UInt64(1)) + [0], channel: 1))
        #expect(outcomes == ["early"])
        harness.receive(RawFrame.method(60, 80, RawFrame.number(UInt64(2)) + [0], channel: 1))
        #expect(outcomes == ["early", "late"])
        #expect(harness.sentMethods() == ["85.10", "60.40", "header", "body", "60.40", "header", "body"])
    }

    /// Two publishes wait for their confirms when the broker closes the channel.
    @Test(arguments: [
        // It refuses a publish, the last or one before it: of the last it is known that the broker has it not.
        ((60, 40), [true, false]),
        // It refuses something else, and may have both.
        ((50, 10), [true, true]),
    ] as [((UInt16, UInt16), [Bool])])
    func ofPublishesThatARefusalLeavesUnconfirmedTheBrokerMayHaveAllButTheLast(
        method: (UInt16, UInt16), mayHaveExecuted: [Bool]
    ) throws {
        let (harness, channel) = try LinkHarness.withChannel()
        defer { harness.hangUp() }
        let selected = channel.selectConfirms()
        harness.receive(RawFrame.method(85, 11, channel: 1))
        try selected.wait()
        var errors: [AMQPError] = []
        for _ in 0..<2 {
            try channel.publish(
                exchange: "", routingKey: "q", isMandatory: false, properties: .init(), body: ByteBuffer(string: "x")
            ) { result in
                if case .failure(let error) = result { errors.append(error) }
            }
        }
        harness.receive(
            RawFrame.method(
                20, 40,
                RawFrame.number(UInt16(403)) + RawFrame.short("ACCESS_REFUSED") + RawFrame.number(method.0)
                    + RawFrame.number(method.1), channel: 1))
        #expect(errors.map(\.code) == [.accessRefused, .accessRefused])
        #expect(errors.map(\.mayHaveExecuted) == mayHaveExecuted)
    }

    @Test func aBodyOverTheLimitIsRefusedWithNothingSent() throws {
        let (harness, channel) = try LinkHarness.withChannel(maxBodyByteCount: 3)
        defer { harness.hangUp() }
        let error = #expect(throws: AMQPError.self) {
            try channel.publish(
                exchange: "", routingKey: "q", isMandatory: false, properties: .init(), body: ByteBuffer(string: "four")
            )
        }
        #expect(error?.code == .invalidArgument)
        #expect(harness.sentMethods() == [])
    }

    @Test func aConfirmForAMessageThatWasNotPublishedEndsTheConnection() throws {
        let (harness, channel) = try LinkHarness.withChannel()
        _ = channel.selectConfirms()
        harness.receive(RawFrame.method(85, 11, channel: 1))
        harness.receive(RawFrame.method(60, 80, RawFrame.number(UInt64(1)) + [0], channel: 1))
        #expect(harness.link.closedError?.code == .protocolViolation)
        #expect(harness.sentMethods() == ["85.10", "10.50"])
    }

    @Test func aMethodInTheMiddleOfAMessageEndsTheConnection() throws {
        let (harness, channel) = try LinkHarness.withChannel()
        harness.receive(RawFrame.deliver(consumerTag: "c", deliveryTag: 1, channel: 1))
        harness.receive(RawFrame.header(bodyByteCount: 5, channel: 1))
        harness.receive(RawFrame.method(60, 80, RawFrame.number(UInt64(1)) + [0], channel: 1))
        #expect(harness.link.closedError?.replyCode == .unexpectedFrame)
        #expect(!channel.isOpen)
    }

    @Test func framesForAChannelThatIsNotOpenEndTheConnection() throws {
        for bytes in [
            RawFrame.method(60, 11, channel: 9), RawFrame.header(bodyByteCount: 1, channel: 9),
            RawFrame.body([1], channel: 9), RawFrame.body([1], channel: 0),
        ] {
            let harness = try LinkHarness.opened()
            harness.receive(bytes)
            #expect(harness.link.closedError?.replyCode == .channelError)
        }
    }

    @Test func aDeliveryCutIntoSingleBytesArrivesWhole() throws {
        let (harness, channel) = try LinkHarness.withChannel()
        defer { harness.hangUp() }
        var bodies: [String] = []
        let consumed = channel.consume(
            .init(queue: "q", consumerTag: "c"), deliver: { bodies.append(String(buffer: $0.body)) }, cancelled: {})
        let bytes =
            RawFrame.method(60, 21, RawFrame.short("c"), channel: 1)
            + RawFrame.deliver(consumerTag: "c", deliveryTag: 1, channel: 1)
            + RawFrame.header(bodyByteCount: 5, channel: 1) + RawFrame.body(Array("he".utf8), channel: 1)
            + RawFrame.heartbeat + RawFrame.body(Array("llo".utf8), channel: 1)
        for byte in bytes { harness.receive([byte]) }
        #expect(try consumed.wait() == "c")
        #expect(bodies == ["hello"])
    }

    @Test func aChannelOutlivesItsLinkWithoutHarm() throws {
        var (harness, channel): (LinkHarness?, AMQPLinkChannel) = try LinkHarness.withChannel()
        harness?.hangUp()
        harness = nil
        #expect(!channel.isOpen)
        #expect(!channel.link.isWritable)
        #expect(self.error(of: channel.close())?.code == .connectionLost)
    }

    @Test func aCloseOf530AfterTheHandshakeIsNotAnUnknownVirtualHost() throws {
        let harness = try LinkHarness.opened()
        harness.receive(RawFrame.connectionClose(530, "NOT_ALLOWED - attempt to reuse consumer tag"))
        #expect(harness.link.closedError?.code == .connectionClosed)
        #expect(harness.link.closedError?.replyCode == .notAllowed)
        #expect(harness.sentMethods() == ["10.51"])
    }
}
