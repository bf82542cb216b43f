import NIOCore
import Testing

@testable import AMQP

@Suite struct ContentAssemblerTests {
    private let deliver = ServerMethod.Deliver(
        consumerTag: "tag", deliveryTag: 1, isRedelivered: false, exchange: "", routingKey: "q")
    private let properties = AMQPProperties(contentType: "text/plain")
    private var assembler = ContentAssembler(maxBodyByteCount: 100)

    init() {
        self.assembler.methodReceived(.basicDeliver(self.deliver))
    }

    private func complete(_ body: [UInt8]) -> ContentAssembler.Action {
        .complete(.delivery(self.deliver, self.properties, ByteBuffer(bytes: body)))
    }

    private mutating func body(_ fragment: ByteBuffer, missing: Int = 0) -> ContentAssembler.Action {
        self.assembler.bodyReceived(fragment, missingByteCount: missing)
    }

    private func replyCode(_ action: ContentAssembler.Action) -> AMQPReplyCode? {
        if case .violation(let violation) = action { violation.replyCode } else { nil }
    }

    @Test mutating func anEmptyBodyIsWholeWithItsHeader() {
        #expect(self.assembler.isAssembling)
        #expect(self.assembler.headerReceived(bodyByteCount: 0, self.properties) == self.complete([]))
        #expect(!self.assembler.isAssembling)
    }

    @Test mutating func aBodyOfOneFrameIsPassedOnAsItCame() {
        #expect(self.assembler.headerReceived(bodyByteCount: 3, self.properties) == .wait)
        #expect(self.body(ByteBuffer(bytes: [1, 2, 3])) == self.complete([1, 2, 3]))
    }

    @Test mutating func aBodyOfSeveralFramesIsPutTogether() {
        #expect(self.assembler.headerReceived(bodyByteCount: 4, self.properties) == .wait)
        #expect(self.body(ByteBuffer(bytes: [1])) == .wait)
        #expect(self.body(ByteBuffer()) == .wait)
        #expect(self.body(ByteBuffer(bytes: [2, 3])) == .wait)
        #expect(self.assembler.isAssembling)
        #expect(self.body(ByteBuffer(bytes: [4])) == self.complete([1, 2, 3, 4]))
        #expect(!self.assembler.isAssembling)
    }

    @Test mutating func aBodyLongerThanItsHeaderSaidIsAViolation() {
        _ = self.assembler.headerReceived(bodyByteCount: 2, self.properties)
        _ = self.body(ByteBuffer(bytes: [1]))
        #expect(self.replyCode(self.body(ByteBuffer(bytes: [2, 3]))) == .frameError)
    }

    @Test mutating func aPieceOfAFrameThatSaysTooMuchIsAViolationThoughItIsWhatTheHeaderSaid() {
        _ = self.assembler.headerReceived(bodyByteCount: 2, self.properties)
        #expect(self.replyCode(self.body(ByteBuffer(bytes: [1, 2]), missing: 17)) == .frameError)
    }

    @Test mutating func piecesOfAFrameArePutTogether() {
        _ = self.assembler.headerReceived(bodyByteCount: 4, self.properties)
        #expect(self.body(ByteBuffer(bytes: [1]), missing: 3) == .wait)
        #expect(self.body(ByteBuffer(bytes: [2, 3]), missing: 1) == .wait)
        #expect(self.body(ByteBuffer(bytes: [4])) == self.complete([1, 2, 3, 4]))
    }

    @Test mutating func aBodyOverTheLimitIsRefusedAtItsHeader() {
        #expect(self.replyCode(self.assembler.headerReceived(bodyByteCount: 101, self.properties)) == .resourceError)
        var other = self.assembler
        other.methodReceived(.basicDeliver(self.deliver))
        #expect(self.replyCode(other.headerReceived(bodyByteCount: .max, self.properties)) == .resourceError)
    }

    @Test mutating func aHeaderOrBodyThatNothingAnnouncedIsAViolation() {
        var idle = ContentAssembler(maxBodyByteCount: 100)
        #expect(self.replyCode(idle.headerReceived(bodyByteCount: 1, self.properties)) == .unexpectedFrame)
        #expect(self.replyCode(idle.bodyReceived(ByteBuffer(), missingByteCount: 0)) == .unexpectedFrame)
        #expect(self.replyCode(self.body(ByteBuffer())) == .unexpectedFrame)
    }

    @Test mutating func aSecondHeaderInsteadOfABodyIsAViolation() {
        _ = self.assembler.headerReceived(bodyByteCount: 2, self.properties)
        #expect(self.replyCode(self.assembler.headerReceived(bodyByteCount: 2, self.properties)) == .unexpectedFrame)
    }
}
