import Logging
import NIOCore

// What goes out.
extension AMQPLink {
    func send(_ method: ClientMethod, on channel: UInt16) throws(AMQPError) {
        try self.outbound.append { (buffer) throws(AMQPError) in
            try self.encoder.write(method, channel: channel, to: &buffer)
        }
    }

    /// Sends a method of ours that always encodes; a failure is only worth a line in the log.
    func answer(_ method: ClientMethod, on channel: UInt16) {
        do {
            try self.send(method, on: channel)
        } catch {
            self.logger.warning("An answer to the broker was not sent", metadata: [AMQPLogKey.error: "\(error)"])
        }
    }

    func sendPublish(
        exchange: AMQPShortString, routingKey: AMQPShortString, isMandatory: Bool, properties: AMQPProperties,
        body: ByteBuffer, on channel: UInt16
    ) throws(AMQPError) {
        let isCopied = body.readableBytes <= min(OutboundBuffer.copyLimit, self.encoder.maxBodyByteCount)
        try self.outbound.append { (buffer) throws(AMQPError) in
            try self.encoder.writePublish(
                exchange: exchange, routingKey: routingKey, isMandatory: isMandatory, properties: properties,
                bodyByteCount: body.readableBytes, body: isCopied ? body : nil, channel: channel, to: &buffer)
        }
        if !isCopied { self.outbound.appendBody(body, channel: channel, encoder: self.encoder) }
    }

    /// Has what `body` sends leave with what is sent next, or with the next ``scheduleFlush()``, which the caller sees to.
    ///
    /// Large messages leave at the end of the loop's turn, as without this.
    package func withoutFlush(_ body: () -> Void) {
        self.outbound.withoutFlush(body)
    }

    /// Sends what waits at the end of the loop's turn: not at once, since frames may be being read.
    package func scheduleFlush() {
        self.outbound.scheduleFlush()
    }

    func sendAck(_ deliveryTag: UInt64, multiple: Bool, on channel: UInt16) throws(AMQPError) {
        try self.outbound.append { (buffer) throws(AMQPError) in
            try self.encoder.writeAck(deliveryTag: deliveryTag, multiple: multiple, channel: channel, to: &buffer)
        }
    }

    func sendNack(_ deliveryTag: UInt64, multiple: Bool, requeue: Bool, on channel: UInt16) throws(AMQPError) {
        try self.outbound.append { (buffer) throws(AMQPError) in
            try self.encoder.writeNack(
                deliveryTag: deliveryTag, multiple: multiple, requeue: requeue, channel: channel, to: &buffer)
        }
    }

    func sendReject(_ deliveryTag: UInt64, requeue: Bool, on channel: UInt16) throws(AMQPError) {
        try self.outbound.append { (buffer) throws(AMQPError) in
            try self.encoder.writeReject(deliveryTag: deliveryTag, requeue: requeue, channel: channel, to: &buffer)
        }
    }
}
