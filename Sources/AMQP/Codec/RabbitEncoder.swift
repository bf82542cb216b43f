import CRabbitMQ
package import NIOCore

/// Writes frames into a `ByteBuffer`: our 7-byte head and end mark around what librabbitmq encodes.
///
/// A call that throws has written nothing.
package final class RabbitEncoder {
    private let pool = RabbitPool()
    /// The largest frame that the peer takes, head and end mark included.
    package var maxFrameByteCount: Int

    /// Enough for every method with short strings, so that the first attempt nearly always fits.
    private static let usualMethodByteCount = 1024

    package init(maxFrameByteCount: Int) {
        self.maxFrameByteCount = maxFrameByteCount
    }

    /// Writes a method frame.
    ///
    /// - Throws: `invalidArgument` for a name over 255 bytes, or arguments that do not fit into one frame.
    package func write(
        _ method: ClientMethod, channel: UInt16, to buffer: inout ByteBuffer
    ) throws(AMQPError) {
        defer { self.pool.recycle() }
        let (number, arguments) = try self.pool.arguments(of: method)
        try self.writeMethod(Int(number), arguments, channel: channel, to: &buffer)
    }

    /// Writes `basic.publish` and the content header. The body's frames follow, see ``OutboundBuffer``.
    package func writePublish(
        exchange: AMQPShortString, routingKey: AMQPShortString, isMandatory: Bool, properties: AMQPProperties,
        bodyByteCount: Int, channel: UInt16, to buffer: inout ByteBuffer
    ) throws(AMQPError) {
        defer { self.pool.recycle() }
        let start = buffer.writerIndex
        do throws(AMQPError) {
            var publish = amqp_basic_publish_t(
                ticket: 0, exchange: try self.pool.shortString(exchange, "the exchange's name"),
                routing_key: try self.pool.shortString(routingKey, "the routing key"),
                mandatory: isMandatory ? 1 : 0, immediate: 0)
            try self.writeMethod(Int(AMQP_BASIC_PUBLISH_METHOD), &publish, channel: channel, to: &buffer)
            try self.writeHeader(properties, bodyByteCount: bodyByteCount, channel: channel, to: &buffer)
        } catch {
            buffer.moveWriterIndex(to: start)
            throw error
        }
    }

    /// Writes `basic.ack`.
    package func writeAck(deliveryTag: UInt64, multiple: Bool, channel: UInt16, to buffer: inout ByteBuffer)
        throws(AMQPError)
    {
        var ack = amqp_basic_ack_t(delivery_tag: deliveryTag, multiple: multiple ? 1 : 0)
        try self.writeMethod(Int(AMQP_BASIC_ACK_METHOD), &ack, channel: channel, to: &buffer)
    }

    /// Writes `basic.nack`, RabbitMQ's reject of one message or of all up to it.
    package func writeNack(
        deliveryTag: UInt64, multiple: Bool, requeue: Bool, channel: UInt16, to buffer: inout ByteBuffer
    ) throws(AMQPError) {
        var nack = amqp_basic_nack_t(
            delivery_tag: deliveryTag, multiple: multiple ? 1 : 0, requeue: requeue ? 1 : 0)
        try self.writeMethod(Int(AMQP_BASIC_NACK_METHOD), &nack, channel: channel, to: &buffer)
    }

    /// Writes `basic.reject`.
    package func writeReject(deliveryTag: UInt64, requeue: Bool, channel: UInt16, to buffer: inout ByteBuffer)
        throws(AMQPError)
    {
        var reject = amqp_basic_reject_t(delivery_tag: deliveryTag, requeue: requeue ? 1 : 0)
        try self.writeMethod(Int(AMQP_BASIC_REJECT_METHOD), &reject, channel: channel, to: &buffer)
    }

    /// Writes a heartbeat frame.
    package func writeHeartbeat(to buffer: inout ByteBuffer) {
        buffer.writeInteger(FrameSplitter.FrameType.heartbeat.rawValue)
        buffer.writeInteger(UInt16(0))
        buffer.writeInteger(UInt32(0))
        buffer.writeInteger(UInt8(0xCE))
    }

    /// Writes the head of a body frame.
    package func writeBodyHead(byteCount: Int, channel: UInt16, to buffer: inout ByteBuffer) {
        buffer.writeInteger(FrameSplitter.FrameType.body.rawValue)
        buffer.writeInteger(channel)
        buffer.writeInteger(UInt32(byteCount))
    }

    /// Writes the mark that ends a frame.
    package func writeEnd(to buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt8(0xCE))
    }
}

// MARK: - Frames around librabbitmq's encoding

extension RabbitEncoder {
    private func writeMethod(
        _ number: Int, _ arguments: UnsafeMutableRawPointer, channel: UInt16, to buffer: inout ByteBuffer
    ) throws(AMQPError) {
        try self.writeFrame(.method, channel: channel, to: &buffer) { bytes in
            guard bytes.len >= 4, let base = bytes.bytes else { return -1 }
            base.storeBytes(of: UInt32(number).bigEndian, as: UInt32.self)
            let rest = amqp_bytes_t(len: bytes.len - 4, bytes: base + 4)
            let count = amqp_encode_method(amqp_method_number_t(number), arguments, rest)
            return count < 0 ? count : count + 4
        }
    }

    private func writeHeader(
        _ properties: AMQPProperties, bodyByteCount: Int, channel: UInt16, to buffer: inout ByteBuffer
    ) throws(AMQPError) {
        var encoded = try self.pool.properties(properties)
        try self.writeFrame(.header, channel: channel, to: &buffer) { bytes in
            guard bytes.len >= 14, let base = bytes.bytes else { return -1 }
            base.storeBytes(of: UInt16(AMQP_BASIC_CLASS).bigEndian, as: UInt16.self)
            (base + 2).storeBytes(of: 0, as: UInt16.self)
            (base + 4).storeBytes(of: UInt64(bodyByteCount).bigEndian, as: UInt64.self)
            let rest = amqp_bytes_t(len: bytes.len - 12, bytes: base + 12)
            let count = amqp_encode_properties(UInt16(AMQP_BASIC_CLASS), &encoded, rest)
            return count < 0 ? count : count + 12
        }
    }

    /// Writes a frame whose payload `encode` makes; it returns the payload's size, or a negative number when the
    /// payload did not fit.
    private func writeFrame(
        _ type: FrameSplitter.FrameType, channel: UInt16, to buffer: inout ByteBuffer,
        encode: (amqp_bytes_t) -> Int32
    ) throws(AMQPError) {
        let limit = self.maxFrameByteCount - FrameSplitter.overheadByteCount
        let start = buffer.writerIndex
        self.writeBodyHead(byteCount: 0, channel: channel, to: &buffer)
        buffer.setInteger(type.rawValue, at: start)
        var count = self.encode(atMost: min(Self.usualMethodByteCount, limit), to: &buffer, encode)
        if count < 0 { count = self.encode(atMost: limit, to: &buffer, encode) }
        guard count >= 0 else {
            buffer.moveWriterIndex(to: start)
            throw AMQPError(.invalidArgument, "what is to be sent does not fit into a frame of \(limit) bytes")
        }
        buffer.setInteger(UInt32(count), at: start + 3)
        self.writeEnd(to: &buffer)
    }

    private func encode(
        atMost limit: Int, to buffer: inout ByteBuffer, _ encode: (amqp_bytes_t) -> Int32
    ) -> Int32 {
        var result: Int32 = -1
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: limit) { bytes in
            result = encode(amqp_bytes_t(len: min(limit, bytes.count), bytes: bytes.baseAddress))
            return max(0, Int(result))
        }
        return result
    }
}
