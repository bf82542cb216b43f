import NIOCore

extension AMQPChannel {
    /// Sets how many messages each later consumer may hold unacknowledged.
    ///
    /// - Parameter prefetchCount: 1 to 65 535; zero is no limit, which a stream queue does not take.
    /// - Throws: `connectionLost` while there is no connection; the error that the channel has ended with.
    public func setPrefetch(_ prefetchCount: UInt16) async throws(AMQPError) {
        _ = try await self.call(.basicQos(prefetchCount: prefetchCount, isGlobal: false), .qosOK) {
            $0.qosSet(prefetchCount: prefetchCount)
        }
    }

    /// Consumes from a queue.
    ///
    /// - Parameter consumption: The queue and the options.
    /// - Returns: The messages. Leaving the loop over them, or dropping them, ends the consumer.
    /// - Throws: `invalidArgument` when the channel has a consumer of that tag already; `channelClosed` with reply code 404
    ///   when there is no such queue, 403 where another consumer has it alone; `accessRefused`; `connectionLost` while
    ///   there is no connection.
    public func consume(_ consumption: AMQPConsumption) async throws(AMQPError) -> AMQPConsumer {
        try await self.eventLoop.flatSubmit { self.startConsuming(consumption) }.value()
    }

    /// Acknowledges a message; with `multiple`, all that this channel's consumers got up to it.
    ///
    /// - Parameters:
    ///   - delivery: The message.
    ///   - multiple: Whether all before it, too.
    /// - Throws: `connectionLost` for a message of a connection that was lost since: the broker delivers it again.
    public func ack(_ delivery: AMQPDelivery, multiple: Bool = false) async throws(AMQPError) {
        try await self.onLoop(epoch: delivery.epoch) { (channel) throws(AMQPError) in
            try channel.ack(delivery.deliveryTag, multiple: multiple)
        }
    }

    /// Refuses a message; it goes back to its queue with `requeue`, else it is dead-lettered or dropped.
    ///
    /// - Parameters:
    ///   - delivery: The message.
    ///   - multiple: Whether all before it, too.
    ///   - requeue: Whether it goes back.
    /// - Throws: `connectionLost` for a message of a connection that was lost since: the broker delivers it again.
    public func nack(_ delivery: AMQPDelivery, multiple: Bool = false, requeue: Bool) async throws(AMQPError) {
        try await self.onLoop(epoch: delivery.epoch) { (channel) throws(AMQPError) in
            try channel.nack(delivery.deliveryTag, multiple: multiple, requeue: requeue)
        }
    }

    /// Refuses one message with AMQP's own method, which a quorum queue counts towards its delivery limit.
    ///
    /// - Parameters:
    ///   - delivery: The message.
    ///   - requeue: Whether it goes back to its queue, or is dead-lettered or dropped.
    /// - Throws: `connectionLost` for a message of a connection that was lost since: the broker delivers it again.
    public func reject(_ delivery: AMQPDelivery, requeue: Bool) async throws(AMQPError) {
        try await self.onLoop(epoch: delivery.epoch) { (channel) throws(AMQPError) in
            try channel.reject(delivery.deliveryTag, requeue: requeue)
        }
    }

    /// Has the broker deliver again what is unacknowledged on this channel.
    ///
    /// - Throws: `connectionLost` while there is no connection; the error that the channel has ended with.
    public func recover() async throws(AMQPError) {
        _ = try await self.call(.basicRecover(requeue: true), .recoverOK)
    }
}

// MARK: - One message at a time

extension AMQPChannel {
    /// Asks for one message.
    ///
    /// A consumer is the cheaper way to read more than a few.
    ///
    /// - Parameters:
    ///   - queue: The queue.
    ///   - noAck: Whether the broker takes the message for acknowledged when it sends it.
    /// - Returns: Nil when the queue is empty.
    /// - Throws: `channelClosed` with reply code 404 when there is no such queue; `connectionLost` while there is no
    ///   connection.
    public func get(queue: String, noAck: Bool = false) async throws(AMQPError) -> AMQPFetchedMessage? {
        let reply = try await self.onLoopFuture { $0.request(.basicGet(queue: queue, noAck: noAck), expecting: .get) }
        guard case .message(let message) = reply else { return nil }
        return message
    }

    /// Acknowledges a message that was asked for with ``get(queue:noAck:)``.
    ///
    /// - Parameter message: The message.
    /// - Throws: `connectionLost` for a message of a connection that was lost since: it is in its queue again.
    public func ack(_ message: AMQPFetchedMessage) async throws(AMQPError) {
        try await self.onLoop(epoch: message.epoch) { (channel) throws(AMQPError) in
            try channel.ack(message.deliveryTag)
        }
    }

    /// Refuses a message that was asked for with ``get(queue:noAck:)``.
    ///
    /// - Parameters:
    ///   - message: The message.
    ///   - requeue: Whether it goes back to its queue, or is dead-lettered or dropped.
    /// - Throws: `connectionLost` for a message of a connection that was lost since: it is in its queue again.
    public func reject(_ message: AMQPFetchedMessage, requeue: Bool) async throws(AMQPError) {
        try await self.onLoop(epoch: message.epoch) { (channel) throws(AMQPError) in
            try channel.reject(message.deliveryTag, requeue: requeue)
        }
    }
}

// MARK: - On the loop

extension AMQPChannel {
    func startConsuming(_ consumption: AMQPConsumption) -> EventLoopFuture<AMQPConsumer> {
        do {
            let channel = try self.current()
            var consumption = consumption
            if consumption.consumerTag.byteCount == 0 {
                // Ours, so that it stays the same on the next connection.
                consumption.consumerTag = AMQPShortString("consumer-\(self.nextConsumerNumber)")
                self.nextConsumerNumber += 1
            }
            let (consumer, source) = AMQPConsumer.make(tag: consumption.consumerTag, channel: self)
            self.consumers[consumption.consumerTag] = source
            let recorded = consumption
            return self.consume(consumption, source, on: channel).map {
                self.topology.consumed(recorded)
                return consumer
            }.flatMapErrorThrowing { error in
                self.consumers[recorded.consumerTag] = nil
                throw error
            }
        } catch {
            return self.eventLoop.makeFailedFuture(error)
        }
    }

    func consume(
        _ consumption: AMQPConsumption, _ source: AMQPConsumer.Source, on channel: AMQPLinkChannel
    ) -> EventLoopFuture<Void> {
        source.attach(channel.link)
        return channel.consume(
            consumption, deliver: { source.yield($0) },
            cancelled: {
                self.consumerEnded(
                    consumption.consumerTag,
                    AMQPError(.consumerCancelled, "the broker ended the consumer of \(consumption.queue)"))
            }
        ).map { _ in }
    }

    /// The reader of a consumer has gone.
    func consumerAbandoned(_ consumerTag: AMQPShortString) {
        self.topology.consumerEnded(consumerTag)
        guard self.consumers.removeValue(forKey: consumerTag) != nil, let channel = self.channel, channel.isOpen else {
            return
        }
        _ = channel.cancel(consumerTag)
    }

    func consumerEnded(_ consumerTag: AMQPShortString, _ error: AMQPError) {
        self.topology.consumerEnded(consumerTag)
        self.consumers.removeValue(forKey: consumerTag)?.finish(error)
    }
}
