import NIOCore
import TestSupport
import Testing

@testable import AMQP

@Suite struct FrameSplitterTests {
    private func steps(_ bytes: [UInt8]) -> [FrameSplitter.Step] {
        self.steps([bytes])
    }

    /// What comes of bytes that are read in pieces.
    private func steps(_ pieces: [[UInt8]]) -> [FrameSplitter.Step] {
        var splitter = FrameSplitter(maxFrameByteCount: 4096)
        var buffer = ByteBuffer()
        return pieces.flatMap { piece in
            buffer.writeBytes(piece)
            return Self.steps(from: &buffer, by: &splitter)
        }
    }

    private static func steps(
        from buffer: inout ByteBuffer, by splitter: inout FrameSplitter
    ) -> [FrameSplitter.Step] {
        var steps: [FrameSplitter.Step] = []
        while true {
            let step = splitter.next(from: &buffer)
            steps.append(step)
            guard case .frame = step else { return steps }
        }
    }

    private func frame(
        _ type: FrameSplitter.FrameType, _ channel: UInt16, _ payload: [UInt8], missing: Int = 0
    ) -> FrameSplitter.Step {
        .frame(.init(type: type, channel: channel, payload: ByteBuffer(bytes: payload), missingByteCount: missing))
    }

    private func isViolation(_ step: FrameSplitter.Step?, saying part: String) -> Bool {
        guard case .violation(let violation) = step else { return false }
        return violation.replyCode == .frameError && violation.message.contains(part)
    }

    @Test func everyPrefixOfAFrameIsIncompleteAndLeftAlone() {
        let whole = RawFrame.frame(type: 1, channel: 7, [1, 2, 3, 4, 5])
        for count in 0..<whole.count {
            var buffer = ByteBuffer(bytes: whole.prefix(count))
            var splitter = FrameSplitter(maxFrameByteCount: 4096)
            #expect(splitter.next(from: &buffer) == .incomplete)
            #expect(buffer.readableBytes == count)
        }
    }

    @Test func framesThatCameTogetherAreTakenOneByOne() {
        let bytes =
            RawFrame.frame(type: 2, channel: 1, [9]) + RawFrame.body([1, 2], channel: 0xFFFF) + RawFrame.heartbeat + [3]
        #expect(
            self.steps(bytes) == [
                self.frame(.header, 1, [9]), self.frame(.body, 0xFFFF, [1, 2]), self.frame(.heartbeat, 0, []),
                .incomplete,
            ])
    }

    @Test func theBodyIsPassedOnAsItComesAndItsLastByteWithTheEndMark() {
        let bytes = RawFrame.body([1, 2, 3, 4], channel: 5) + RawFrame.heartbeat
        let head = Array(bytes[..<7])
        #expect(
            self.steps([head, [1], [2, 3, 4], [0xCE] + RawFrame.heartbeat]) == [
                .incomplete, self.frame(.body, 5, [1], missing: 3), .incomplete,
                self.frame(.body, 5, [2, 3], missing: 1), .incomplete, self.frame(.body, 5, [4]),
                self.frame(.heartbeat, 0, []), .incomplete,
            ])
        #expect(
            self.steps([head + [1, 2, 3], [4, 0xCE]]) == [
                self.frame(.body, 5, [1, 2, 3], missing: 1), .incomplete, self.frame(.body, 5, [4]), .incomplete,
            ])
    }

    @Test func aBodyOfNoneOrOneByteIsPassedOnWhole() {
        for payload in [[], [9]] as [[UInt8]] {
            let pieces = RawFrame.body(payload, channel: 1).map { [$0] }
            #expect(self.steps(pieces).filter { $0 != .incomplete } == [self.frame(.body, 1, payload)])
        }
    }

    @Test func aWrongEndMarkIsRefusedBehindABodyThatHasBegun() {
        let steps = self.steps([[3, 0, 1] + RawFrame.number(UInt32(3)) + [1, 2], [3, 0xCD]])
        #expect(steps.first == self.frame(.body, 1, [1, 2], missing: 1))
        #expect(self.isViolation(steps.last, saying: "end mark"))
        #expect(steps.count == 3)
    }

    @Test func aFrameOfTheAgreedSizePasses() {
        let payload = [UInt8](repeating: 5, count: 4088)
        #expect(self.steps(RawFrame.body(payload, channel: 1)) == [self.frame(.body, 1, payload), .incomplete])
    }

    @Test func aFrameOverTheAgreedSizeIsRefusedAtItsHead() {
        #expect(self.isViolation(self.steps([3, 0, 1] + RawFrame.number(UInt32(4089))).first, saying: "4089"))
        #expect(self.isViolation(self.steps([1, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF]).first, saying: "4294967295"))
    }

    @Test func aWrongEndMarkIsRefused() {
        #expect(
            self.isViolation(self.steps(RawFrame.frame(type: 1, channel: 1, [1], end: 0xCD)).first, saying: "end mark"))
    }

    @Test func anotherProtocolHeaderIsRefusedAtItsFirstByte() {
        #expect(self.isViolation(self.steps(Array("AMQP".utf8) + [0, 1, 0, 0]).first, saying: "0-9-1"))
        #expect(self.isViolation(self.steps(Array("A".utf8)).first, saying: "0-9-1"))
    }

    @Test func anUnknownFrameTypeIsRefusedAtItsFirstByte() {
        for type in UInt8.min...UInt8.max where ![1, 2, 3, 8, UInt8(ascii: "A")].contains(type) {
            #expect(self.isViolation(self.steps([type]).first, saying: "not an AMQP frame"))
        }
        #expect(self.isViolation(self.steps(Array("HTTP/1.1 400".utf8)).first, saying: "not an AMQP frame"))
    }
}
