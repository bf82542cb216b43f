package import AMQP
package import NIOCore

// Calls that have more than one reply.
extension RPCClient {
    /// Whether further replies are expected.
    package enum StreamStep {
        case more
        case last
    }

    /// Gets each reply of a call, or the error that ends it; nothing follows an error.
    package typealias StreamReceiver = (Result<RPCReply, AMQPError>) -> StreamStep

    /// Sends a request that has several replies.
    ///
    /// Call on the connection's loop.
    ///
    /// - Parameters:
    ///   - request: What to send.
    ///   - timeout: How long all replies may take; the message expires in its queue after the same time.
    ///   - receive: Called on the loop for each reply until it says that it was the last; perhaps before this returns.
    /// - Returns: What the call can be cancelled by.
    package func stream(
        _ request: RPCRequest, timeout: TimeAmount, receive: @escaping StreamReceiver
    ) -> CallID {
        self.eventLoop.assertInEventLoop()
        let id = self.reserve()
        self.streams[id] = receive
        let completion: Completion = { result in
            if let receive = self.streams.removeValue(forKey: id) { _ = receive(result) }
        }
        self.start(id, request, timeout: timeout, .completion(completion))
        return id
    }

    /// Sends a message beside a call, under its correlation id.
    ///
    /// Does nothing when the call has ended, as it does with its connection: whoever waits for the message finds out by
    /// its own time-out.
    package func send(_ headers: AMQPTable, of id: CallID, to queue: AMQPShortString) {
        self.eventLoop.assertInEventLoop()
        guard self.streams[id] != nil else { return }
        self.send(headers, correlationID: id.correlationID, to: queue)
    }

    func send(_ headers: AMQPTable, correlationID: AMQPShortString, to queue: AMQPShortString) {
        guard let session = self.session else { return }
        var properties = AMQPProperties(contentType: nil, headers: headers)
        properties.correlationID = correlationID
        properties.replyTo = session.replyTo
        // Where the broker refuses this, the request before it was taken.
        self.lastPublished = nil
        try? session.channel.publish(
            exchange: .empty, routingKey: queue, isMandatory: false, properties: properties, body: ByteBuffer())
    }

    func streamReplyReceived(_ delivery: AMQPDelivery, _ id: CallID, _ receive: StreamReceiver) {
        let reply = RPCReply(properties: delivery.properties, body: delivery.body)
        guard receive(.success(reply)) == .last else { return }
        self.streams[id] = nil
        _ = self.calls.replyReceived(for: id)
    }
}
