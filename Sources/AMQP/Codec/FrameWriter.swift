import CRabbitMQ
import NIOCore

/// Writes whole frames into memory, one behind the other: our 7-byte head and end mark around what librabbitmq encodes.
struct FrameWriter {
    private let memory: UnsafeMutableRawBufferPointer
    private let maxPayloadByteCount: Int
    private(set) var byteCount = 0

    init(memory: UnsafeMutableRawBufferPointer, maxPayloadByteCount: Int) {
        self.memory = memory
        self.maxPayloadByteCount = maxPayloadByteCount
    }

    /// - Returns: `false` when there is no room for it.
    mutating func writeMethod(_ number: Int, _ arguments: UnsafeMutableRawPointer, channel: UInt16) -> Bool {
        self.writeFrame(.method, channel: channel, fixedByteCount: 4) { base, rest in
            base.storeBytes(of: UInt32(number).bigEndian, as: UInt32.self)
            return amqp_encode_method(amqp_method_number_t(number), arguments, rest)
        }
    }

    /// - Returns: `false` when there is no room for it.
    mutating func writeHeader(
        _ properties: inout amqp_basic_properties_t, bodyByteCount: Int, channel: UInt16
    ) -> Bool {
        self.writeFrame(.header, channel: channel, fixedByteCount: 12) { base, rest in
            base.storeBytes(of: UInt16(AMQP_BASIC_CLASS).bigEndian, as: UInt16.self)
            (base + 2).storeBytes(of: 0, as: UInt16.self)
            (base + 4).storeBytes(of: UInt64(bodyByteCount).bigEndian, as: UInt64.self)
            return amqp_encode_properties(UInt16(AMQP_BASIC_CLASS), &properties, rest)
        }
    }

    /// Writes a body of one frame; nothing for an empty one.
    ///
    /// - Returns: `false` when there is no room for it.
    mutating func writeBody(_ body: ByteBuffer, channel: UInt16) -> Bool {
        guard body.readableBytes > 0 else { return true }
        return self.writeFrame(.body, channel: channel, fixedByteCount: 0) { base, rest in
            body.withUnsafeReadableBytes { bytes in
                guard let source = bytes.baseAddress, bytes.count <= rest.len else { return -1 }
                base.copyMemory(from: source, byteCount: bytes.count)
                return Int32(bytes.count)
            }
        }
    }

    /// - Parameters:
    ///   - fixedByteCount: What `encode` always writes at the front.
    ///   - encode: Writes the payload, and returns the size of what it wrote behind its fixed part; a negative number
    ///     when there was no room.
    private mutating func writeFrame(
        _ type: FrameSplitter.FrameType, channel: UInt16, fixedByteCount: Int,
        encode: (UnsafeMutableRawPointer, amqp_bytes_t) -> Int32
    ) -> Bool {
        let room = min(
            self.memory.count - self.byteCount - FrameSplitter.overheadByteCount, self.maxPayloadByteCount)
        guard room >= fixedByteCount, let head = self.memory.baseAddress.map({ $0 + self.byteCount }) else {
            return false
        }
        let payload = head + 7
        let count = encode(
            payload, amqp_bytes_t(len: room - fixedByteCount, bytes: payload + fixedByteCount))
        guard count >= 0 else { return false }
        let payloadByteCount = fixedByteCount + Int(count)
        head.storeBytes(of: type.rawValue, as: UInt8.self)
        (head + 1).storeBytes(of: channel.bigEndian, as: UInt16.self)
        (head + 3).storeBytes(of: UInt32(payloadByteCount).bigEndian, as: UInt32.self)
        (payload + payloadByteCount).storeBytes(of: 0xCE, as: UInt8.self)
        self.byteCount += payloadByteCount + FrameSplitter.overheadByteCount
        return true
    }
}
