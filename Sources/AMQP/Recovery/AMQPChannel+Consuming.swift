import NIOCore

extension AMQPChannel {
    /// Sets how many messages each later consumer may hold unacknowledged, where its consumption does not say.
    ///
    /// - Parameter prefetchCount: 1 to 65 535; zero is no limit, which a stream queue does not take. 500 unless it is set.
    /// - Throws: `connectionFailed` while there is no connection; the error that the channel has ended with.
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
        guard !Task.isCancelled else { throw .waitCancelled.ofUnsentCall }
        // A consumer that comes after its task was cancelled is dropped, which ends it.
        return try await self.eventLoop.flatSubmit { self.startConsuming(consumption) }.cancellableValue()
    }

    /// Acknowledges a message; with `multiple`, all that this channel's consumers got up to it.
    ///
    /// - Parameters:
    ///   - delivery: The message.
    ///   - multiple: Whether all before it, too. Default: false.
    /// - Returns: `false` for a message of a connection that was lost since, which the broker delivers again, or of another
    ///   channel; nothing is sent then.
    /// - Throws: The error that the channel has ended with.
    @discardableResult
    public func ack(_ delivery: AMQPDelivery, multiple: Bool = false) async throws(AMQPError) -> Bool {
        try await self.settle(delivery.epoch) { (channel) throws(AMQPError) in
            try channel.ack(delivery.deliveryTag, multiple: multiple)
        }
    }

    /// Refuses a message; it goes back to its queue with `requeue`, else it is dead-lettered or dropped.
    ///
    /// - Parameters:
    ///   - delivery: The message.
    ///   - multiple: Whether all before it, too. Default: false.
    ///   - requeue: Whether it goes back.
    /// - Returns: `false` for a message of a connection that was lost since, which the broker delivers again, or of another
    ///   channel; nothing is sent then.
    /// - Throws: The error that the channel has ended with.
    @discardableResult
    public func nack(
        _ delivery: AMQPDelivery, multiple: Bool = false, requeue: Bool
    ) async throws(AMQPError) -> Bool {
        try await self.settle(delivery.epoch) { (channel) throws(AMQPError) in
            try channel.nack(delivery.deliveryTag, multiple: multiple, requeue: requeue)
        }
    }

    /// Refuses one message with AMQP's own method, which a quorum queue counts towards its delivery limit.
    ///
    /// - Parameters:
    ///   - delivery: The message.
    ///   - requeue: Whether it goes back to its queue, or is dead-lettered or dropped.
    /// - Returns: `false` for a message of a connection that was lost since, which the broker delivers again, or of another
    ///   channel; nothing is sent then.
    /// - Throws: The error that the channel has ended with.
    @discardableResult
    public func reject(_ delivery: AMQPDelivery, requeue: Bool) async throws(AMQPError) -> Bool {
        try await self.settle(delivery.epoch) { (channel) throws(AMQPError) in
            try channel.reject(delivery.deliveryTag, requeue: requeue)
        }
    }

    /// Has the broker deliver again what is unacknowledged on this channel.
    ///
    /// - Throws: `connectionFailed` while there is no connection; the error that the channel has ended with.
    public func recover() async throws(AMQPError) {
        _ = try await self.call(.basicRecover(requeue: true), .recoverOK)
    }
}

// MARK: - One message at a time

extension AMQPChannel {
    /// Asks for one message.
    ///
    /// A consumer is the cheaper way to read more than a few. Where the task is cancelled before the message is here, it
    /// goes back to its queue; with `noAck` it is lost then.
    ///
    /// - Parameters:
    ///   - queue: The queue, at most 255 bytes; empty is the last that was declared on the channel.
    ///   - noAck: Whether the broker takes the message for acknowledged when it sends it. Default: false.
    /// - Returns: Nil when the queue is empty.
    /// - Throws: `channelClosed` with reply code 404 when there is no such queue; `connectionFailed` while there is no
    ///   connection.
    public func get(queue: String, noAck: Bool = false) async throws(AMQPError) -> AMQPFetchedMessage? {
        let reply = try await self.onLoopFuture(
            abandoned: { reply in
                guard !noAck, case .message(let message) = reply else { return }
                self.giveBack(message.deliveryTag, of: message.epoch)
            }
        ) { $0.request(.basicGet(queue: queue, noAck: noAck), expecting: .get) }
        guard case .message(let message) = reply else { return nil }
        return message
    }

    /// Acknowledges a message that was asked for with ``get(queue:noAck:)``.
    ///
    /// - Parameter message: The message.
    /// - Returns: `false` for a message of a connection that was lost since, which is in its queue again, or of another
    ///   channel; nothing is sent then.
    /// - Throws: The error that the channel has ended with.
    @discardableResult
    public func ack(_ message: AMQPFetchedMessage) async throws(AMQPError) -> Bool {
        try await self.settle(message.epoch) { (channel) throws(AMQPError) in
            try channel.ack(message.deliveryTag)
        }
    }

    /// Refuses a message that was asked for with ``get(queue:noAck:)``.
    ///
    /// - Parameters:
    ///   - message: The message.
    ///   - requeue: Whether it goes back to its queue, or is dead-lettered or dropped.
    /// - Returns: `false` for a message of a connection that was lost since, which is in its queue again, or of another
    ///   channel; nothing is sent then.
    /// - Throws: The error that the channel has ended with.
    @discardableResult
    public func reject(_ message: AMQPFetchedMessage, requeue: Bool) async throws(AMQPError) -> Bool {
        try await self.settle(message.epoch) { (channel) throws(AMQPError) in
            try channel.reject(message.deliveryTag, requeue: requeue)
        }
    }
}

// MARK: - On the loop

extension AMQPChannel {
    func startConsuming(_ consumption: AMQPConsumption) -> EventLoopFuture<AMQPConsumer> {
        do throws(AMQPError) {
            let channel = try self.current()
            let consumption = try self.resolved(consumption)
            let (consumer, source) = AMQPConsumer.make(consumption, channel: self)
            self.consumers[consumption.consumerTag] = source
            return self.consume(consumption, source, on: channel).map {
                self.topology.consumed(consumption)
                return consumer
            }.flatMapErrorThrowing { error in
                self.consumers[consumption.consumerTag] = nil
                throw error
            }
        } catch {
            return self.eventLoop.makeFailedFuture(error)
        }
    }

    /// What is asked for, in the words in which it can be asked for again on the next connection.
    private func resolved(_ consumption: AMQPConsumption) throws(AMQPError) -> AMQPConsumption {
        var consumption = consumption
        if consumption.consumerTag.byteCount == 0 { consumption.consumerTag = self.takeConsumerTag() }
        guard self.consumers[consumption.consumerTag] == nil else {
            throw AMQPError(
                .invalidArgument, "the channel has a consumer with the tag '\(consumption.consumerTag)' already")
        }
        if consumption.queue.isEmpty {
            guard let last = self.topology.queues.last else {
                throw AMQPError(.invalidArgument, "an empty queue name means the last that was declared: there is none")
            }
            consumption.queue = last.currentName
        }
        consumption.prefetch = consumption.prefetch ?? self.topology.prefetchCount ?? Self.defaultPrefetch
        return consumption
    }

    /// Well under what a reader is let have before reading pauses.
    private static let defaultPrefetch: UInt16 = 500

    private func takeConsumerTag() -> AMQPShortString {
        while true {
            let tag = AMQPShortString("consumer-\(self.nextConsumerNumber)")
            self.nextConsumerNumber += 1
            if self.consumers[tag] == nil { return tag }
        }
    }

    func consume(
        _ consumption: AMQPConsumption, _ source: AMQPConsumer.Source, on channel: AMQPLinkChannel
    ) -> EventLoopFuture<Void> {
        source.attach(channel.link)
        if let prefetch = consumption.prefetch, !consumption.noAck {
            // Holds for what is consumed after it. Answered before the consumer is, whose future tells of a failure.
            _ = channel.request(.basicQos(prefetchCount: prefetch, isGlobal: false), expecting: .qosOK)
        }
        return channel.consume(
            consumption, deliver: { source.yield($0) },
            cancelled: {
                self.consumerEnded(
                    consumption.consumerTag,
                    AMQPError(.consumerCancelled, "the broker ended the consumer of \(consumption.queue)"))
            }
        ).map { _ in }
    }

    /// Nobody will settle a message.
    func giveBack(_ deliveryTag: UInt64, of epoch: ChannelEpoch) {
        guard let channel = self.channel, channel.epoch == epoch else { return }
        // A nack, which no queue counts towards a delivery limit: nobody has looked at it. Where it cannot be sent the channel
        // is closed, and the message is back already.
        try? channel.nack(deliveryTag, requeue: true)
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
