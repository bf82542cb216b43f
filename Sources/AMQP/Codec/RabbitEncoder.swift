import CRabbitMQ
package import NIOCore

/// Writes frames into a `ByteBuffer`: our 7-byte head and end mark around what librabbitmq encodes.
///
/// A call that throws has written nothing.
package final class RabbitEncoder {
    private let pool = RabbitPool()
    /// The largest frame that the peer takes, head and end mark included.
    package var maxFrameByteCount: Int
    /// The largest part of a body that fits into one frame.
    var maxBodyByteCount: Int { self.maxFrameByteCount - FrameSplitter.overheadByteCount }

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

    /// Writes `basic.publish`, the content header, and the body's frame where the body is given here.
    ///
    /// - Parameters:
    ///   - bodyByteCount: The size of the whole body. What `body` does not hold of it follows, see ``OutboundBuffer``.
    ///   - body: A body of at most one frame, or `nil`.
    package func writePublish(
        exchange: AMQPShortString, routingKey: AMQPShortString, isMandatory: Bool, properties: AMQPProperties,
        bodyByteCount: Int, body: ByteBuffer? = nil, channel: UInt16, to buffer: inout ByteBuffer
    ) throws(AMQPError) {
        defer { self.pool.recycle() }
        var publish = amqp_basic_publish_t(
            ticket: 0, exchange: try self.pool.shortString(exchange, "the exchange's name"),
            routing_key: try self.pool.shortString(routingKey, "the routing key"),
            mandatory: isMandatory ? 1 : 0, immediate: 0)
        var header = try self.pool.properties(properties)
        let bodySpace = body.map { $0.readableBytes + FrameSplitter.overheadByteCount } ?? 0
        try self.writeFrames(count: 2, and: bodySpace, to: &buffer) { writer in
            writer.writeMethod(Int(AMQP_BASIC_PUBLISH_METHOD), &publish, channel: channel)
                && writer.writeHeader(&header, bodyByteCount: bodyByteCount, channel: channel)
                && (body.map { writer.writeBody($0, channel: channel) } ?? true)
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
        try self.writeFrames(count: 1, to: &buffer) { $0.writeMethod(number, arguments, channel: channel) }
    }

    /// Writes frames that belong together: all, or none.
    ///
    /// - Parameters:
    ///   - count: How many frames of arguments.
    ///   - byteCount: Room that is needed besides.
    ///   - write: Writes them; `false` when there was no room. Called again with the largest that a peer takes.
    private func writeFrames(
        count: Int, and byteCount: Int = 0, to buffer: inout ByteBuffer, write: (inout FrameWriter) -> Bool
    ) throws(AMQPError) {
        let limit = self.maxFrameByteCount - FrameSplitter.overheadByteCount
        var room = min(Self.usualMethodByteCount, limit)
        while true {
            var isWritten = false
            let needed = count * (room + FrameSplitter.overheadByteCount) + byteCount
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: needed) { memory in
                var writer = FrameWriter(memory: memory, maxPayloadByteCount: limit)
                isWritten = write(&writer)
                return isWritten ? writer.byteCount : 0
            }
            if isWritten { return }
            guard room < limit else { break }
            room = limit
        }
        throw AMQPError(.invalidArgument, "what is to be sent does not fit into a frame of \(limit) bytes")
    }
}
