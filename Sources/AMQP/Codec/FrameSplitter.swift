package import NIOCore

/// Cuts what was read into frames, looking only at the 7-byte head and the end mark (AMQP 0-9-1, 4.2.3).
///
/// What comes in is not trusted: the size is checked before a byte of the payload is waited for, so that a broken peer
/// cannot make us buffer without limit, and nothing reaches librabbitmq that is not one whole frame. The bytes of a body
/// are nothing to decode: so much of its frame as is there is passed on, so that it is not kept, and copied, to be whole.
package struct FrameSplitter {
    /// One frame, or a piece of a body frame. The payload is a slice of what was read.
    package struct Frame: Equatable {
        package var type: FrameType
        package var channel: UInt16
        package var payload: ByteBuffer
        /// How many bytes of a body frame are still to come behind this piece of it.
        package var missingByteCount = 0
    }

    package enum FrameType: UInt8 {
        case method = 1
        case header = 2
        case body = 3
        case heartbeat = 8
    }

    package enum Step: Equatable {
        case frame(Frame)
        /// The frame is not whole; read on.
        case incomplete
        case violation(ProtocolViolation)
    }

    /// Head and end mark.
    package static let overheadByteCount = 8
    private static let headByteCount = 7
    private static let endMark: UInt8 = 0xCE
    private static let noEndMark = ProtocolViolation(.frameError, "a frame without its end mark")

    /// The largest frame that may come, head and end mark included. Before `connection.tune` it is the largest that we
    /// would negotiate.
    package var maxFrameByteCount: Int
    private var bodyRest: BodyRest?

    /// What is to come of a body frame that has begun.
    private struct BodyRest {
        let channel: UInt16
        let byteCount: Int
    }

    package init(maxFrameByteCount: Int) {
        self.maxFrameByteCount = maxFrameByteCount
    }

    /// Takes the next frame, or the next piece of a body frame, off the front of `buffer`.
    package mutating func next(from buffer: inout ByteBuffer) -> Step {
        if let rest = self.bodyRest { return self.bodyPiece(rest, from: &buffer) }
        guard buffer.readableBytes >= Self.headByteCount else {
            return self.checkStart(of: buffer)
        }
        let start = buffer.readerIndex
        let (typeByte, channel, size) = buffer.withUnsafeReadableBytes { bytes in
            (
                bytes[0], UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 1, as: UInt16.self)),
                UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 3, as: UInt32.self))
            )
        }
        guard let type = FrameType(rawValue: typeByte) else { return self.unknownType(in: buffer) }
        guard Int(size) <= self.maxFrameByteCount - Self.overheadByteCount else {
            return .violation(
                ProtocolViolation(.frameError, "a frame of \(size) bytes; \(self.maxFrameByteCount) were agreed on"))
        }
        let end = start + Self.headByteCount + Int(size)
        guard buffer.getInteger(at: end, as: UInt8.self) == Self.endMark,
            let payload = buffer.getSlice(at: start + Self.headByteCount, length: Int(size))
        else {
            guard type == .body, buffer.readableBytes > Self.headByteCount else {
                return buffer.writerIndex > end ? .violation(Self.noEndMark) : .incomplete
            }
            buffer.moveReaderIndex(forwardBy: Self.headByteCount)
            return self.bodyPiece(BodyRest(channel: channel, byteCount: Int(size)), from: &buffer)
        }
        buffer.moveReaderIndex(to: end + 1)
        return .frame(Frame(type: type, channel: channel, payload: payload))
    }

    /// What is there of a body frame. The last byte waits for the end mark: no body is whole before that was checked.
    private mutating func bodyPiece(_ rest: BodyRest, from buffer: inout ByteBuffer) -> Step {
        let end = buffer.getInteger(at: buffer.readerIndex + rest.byteCount, as: UInt8.self)
        let isWhole = end == Self.endMark
        let byteCount = isWhole ? rest.byteCount : min(buffer.readableBytes, rest.byteCount - 1)
        guard byteCount > 0, let payload = buffer.readSlice(length: byteCount) else {
            self.bodyRest = rest
            return end == nil ? .incomplete : .violation(Self.noEndMark)
        }
        if isWhole { buffer.moveReaderIndex(forwardBy: 1) }
        let missing = rest.byteCount - byteCount
        self.bodyRest = isWhole ? nil : BodyRest(channel: rest.channel, byteCount: missing)
        return .frame(Frame(type: .body, channel: rest.channel, payload: payload, missingByteCount: missing))
    }

    /// Says at the first byte that this is not AMQP, without waiting for a head that never comes.
    private func checkStart(of buffer: ByteBuffer) -> Step {
        guard let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else { return .incomplete }
        return FrameType(rawValue: first) == nil ? self.unknownType(in: buffer) : .incomplete
    }

    private func unknownType(in buffer: ByteBuffer) -> Step {
        // A broker that wants another version answers with its own protocol header (AMQP 0-9-1, 4.2.2).
        if buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) == UInt8(ascii: "A") {
            return .violation(ProtocolViolation(.frameError, "the broker does not speak AMQP 0-9-1"))
        }
        return .violation(ProtocolViolation(.frameError, "bytes that are not an AMQP frame"))
    }
}

/// What a peer did against the protocol, with the reply code to close the connection with.
package struct ProtocolViolation: Error, Sendable, Equatable {
    package var replyCode: AMQPReplyCode
    package var message: String

    package init(_ replyCode: AMQPReplyCode, _ message: String) {
        self.replyCode = replyCode
        self.message = message
    }
}
