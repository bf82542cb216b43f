package import NIOCore

/// One channel of one link: requests, publishes and consumers. The loop-bound face that the hot paths use.
///
/// It ends with its link, or when either side closes it; it is never opened again. ``AMQPChannel`` is the face that
/// survives a lost connection.
package final class AMQPLinkChannel: @unchecked Sendable {
    // @unchecked: every member is used on `eventLoop` only (asserted at the entries).
    package typealias Waiter = EventLoopPromise<Reply>
    package typealias ConfirmHandler = (Result<PublishOutcome, AMQPError>) -> Void

    /// What answers a request.
    package enum Reply: Sendable {
        case method(ServerMethod)
        case message(AMQPFetchedMessage)
    }

    struct Consumer {
        var deliver: (AMQPDelivery) -> Void
        var cancelled: () -> Void
    }

    package let number: UInt16
    /// Different for every channel that this process opens.
    package let epoch: ChannelEpoch
    package let eventLoop: any EventLoop
    /// The link lets go of its channels when it ends, so that this is no cycle that stays.
    package let link: AMQPLink

    var machine = ChannelStateMachine<Waiter>()
    private let maxBodyByteCount: Int
    var assembler: ContentAssembler
    var confirms: PublisherConfirms<ConfirmHandler>?
    var consumers: [AMQPShortString: Consumer] = [:] {
        didSet { self.lastConsumer = nil }
    }
    /// The one that the last message was for: most likely the next one is, too.
    var lastConsumer: (tag: AMQPShortString, deliver: (AMQPDelivery) -> Void)?
    private var nextConsumerNumber = 1

    /// The broker closed the channel, or the link ended. Called once.
    package var onClosed: ((AMQPError) -> Void)?
    /// A mandatory message came back that no confirm was asked for.
    package var onReturned: ((AMQPReturnedMessage) -> Void)?

    init(number: UInt16, epoch: ChannelEpoch, link: AMQPLink, maxBodyByteCount: Int) {
        self.number = number
        self.epoch = epoch
        self.eventLoop = link.eventLoop
        self.link = link
        self.maxBodyByteCount = maxBodyByteCount
        self.assembler = ContentAssembler(maxBodyByteCount: maxBodyByteCount)
    }

    /// Whether anything may be sent.
    package var isOpen: Bool { self.machine.isOpen && self.link.isOpen }
}

// MARK: - Requests

extension AMQPLinkChannel {
    /// Sends a method and waits for its reply.
    package func request(
        _ method: ClientMethod, expecting expectation: ChannelStateMachine<Waiter>.Expectation
    ) -> EventLoopFuture<Reply> {
        self.eventLoop.assertInEventLoop()
        let promise = self.eventLoop.makePromise(of: Reply.self)
        switch self.machine.request(expectation, promise) {
        case .refuse(let promise, let error): promise.fail(error)
        case .send:
            do {
                try self.link.send(method, on: self.number)
            } catch {
                self.machine.requestNotSent()
                promise.fail(error)
            }
        }
        return promise.futureResult
    }

    /// Consumes from a queue. Deliveries may come before the returned future completes.
    ///
    /// - Parameters:
    ///   - consumption: The queue and the options. An empty consumer tag is replaced by one of ours.
    ///   - deliver: Called with each message.
    ///   - cancelled: Called when the broker ends the consumer (its queue was deleted).
    /// - Returns: the consumer tag; `invalidArgument` when the channel has a consumer of that tag, for which the broker
    ///   would close the whole connection.
    package func consume(
        _ consumption: AMQPConsumption, deliver: @escaping (AMQPDelivery) -> Void,
        cancelled: @escaping () -> Void
    ) -> EventLoopFuture<AMQPShortString> {
        self.eventLoop.assertInEventLoop()
        var consumption = consumption
        if consumption.consumerTag.byteCount == 0 {
            consumption.consumerTag = self.takeConsumerTag()
        }
        let tag = consumption.consumerTag
        guard self.consumers[tag] == nil else {
            return self.eventLoop.makeFailedFuture(
                AMQPError(.invalidArgument, "the channel has a consumer with the tag '\(tag)' already"))
        }
        self.consumers[tag] = Consumer(deliver: deliver, cancelled: cancelled)
        let reply = self.request(.basicConsume(consumption), expecting: .consumeOK(consumerTag: tag))
        reply.assumeIsolated().whenFailure { _ in self.consumers[tag] = nil }
        return reply.map { _ in tag }
    }

    private func takeConsumerTag() -> AMQPShortString {
        while true {
            let tag = AMQPShortString("c\(self.nextConsumerNumber)")
            self.nextConsumerNumber += 1
            if self.consumers[tag] == nil { return tag }
        }
    }

    /// Ends a consumer. What was delivered before and is not acknowledged stays the caller's.
    package func cancel(_ consumerTag: AMQPShortString) -> EventLoopFuture<Void> {
        let reply = self.request(.basicCancel(consumerTag: consumerTag), expecting: .cancelOK(consumerTag: consumerTag))
        reply.assumeIsolated().whenComplete { _ in self.consumers[consumerTag] = nil }
        return reply.map { _ in }
    }

    /// Has every later publish confirmed by the broker.
    package func selectConfirms() -> EventLoopFuture<Void> {
        let isOpen = self.machine.isOpen
        let reply = self.request(.confirmSelect, expecting: .confirmSelectOK)
        // The broker counts every publish that it reads after the request, so also those that leave before its reply.
        if isOpen, self.confirms == nil { self.confirms = PublisherConfirms() }
        return reply.map { _ in }
    }

    /// Closes the channel; completes when the broker has agreed, or after `timeout`: nothing is sent on it then, either.
    package func close(timeout: TimeAmount = .seconds(5)) -> EventLoopFuture<Void> {
        let closed = self.eventLoop.makePromise(of: Void.self)
        let timer = self.eventLoop.scheduleTask(in: timeout) { closed.succeed() }
        self.request(.channelClose(replyCode: 200, replyText: "closed by the client"), expecting: .channelCloseOK)
            .map { _ in }.cascade(to: closed)
        closed.futureResult.whenComplete { _ in timer.cancel() }
        return closed.futureResult
    }
}

// MARK: - Publishing and acknowledging

extension AMQPLinkChannel {
    /// Publishes a message. It leaves with everything else of this turn of the loop, or where the link is told so
    /// (``AMQPLink/withoutFlush(_:)``) later.
    ///
    /// - Parameter confirm: Called with the outcome, on a channel with ``selectConfirms()``; on another it is refused.
    /// - Throws: `AMQPError` when the channel is closed, or a property or the body is too long. Nothing was sent then.
    package func publish(
        exchange: AMQPShortString, routingKey: AMQPShortString, isMandatory: Bool, properties: AMQPProperties,
        body: ByteBuffer, confirm: ConfirmHandler? = nil
    ) throws(AMQPError) {
        self.eventLoop.assertInEventLoop()
        try self.checkOpen()
        if confirm != nil, self.confirms == nil {
            throw AMQPError(.invalidArgument, "a confirm was asked for on a channel without confirm.select")
        }
        guard body.readableBytes <= self.maxBodyByteCount else {
            throw AMQPError(
                .invalidArgument, "a body of \(body.readableBytes) bytes; the limit is \(self.maxBodyByteCount)")
        }
        try self.link.sendPublish(
            exchange: exchange, routingKey: routingKey, isMandatory: isMandatory, properties: properties, body: body,
            on: self.number)
        guard self.confirms != nil else { return }
        let fingerprint: PublisherConfirms<ConfirmHandler>.Fingerprint? =
            isMandatory && confirm != nil
            ? .init(exchange: exchange, routingKey: routingKey, properties: properties, body: body) : nil
        self.confirms?.published(confirm, fingerprint: fingerprint)
    }

    /// Acknowledges a delivery of this channel; with `multiple`, all up to it.
    package func ack(_ deliveryTag: UInt64, multiple: Bool = false) throws(AMQPError) {
        try self.checkOpen()
        try self.link.sendAck(deliveryTag, multiple: multiple, on: self.number)
    }

    /// Refuses a delivery of this channel; it goes back to the queue with `requeue`, else it is dead-lettered or dropped.
    package func nack(_ deliveryTag: UInt64, multiple: Bool = false, requeue: Bool) throws(AMQPError) {
        try self.checkOpen()
        try self.link.sendNack(deliveryTag, multiple: multiple, requeue: requeue, on: self.number)
    }

    /// Refuses one delivery with AMQP's own method.
    package func reject(_ deliveryTag: UInt64, requeue: Bool) throws(AMQPError) {
        try self.checkOpen()
        try self.link.sendReject(deliveryTag, requeue: requeue, on: self.number)
    }

    private func checkOpen() throws(AMQPError) {
        if self.isOpen { return }
        throw self.machine.closedError ?? self.link.closedError
            ?? AMQPError(.channelClosed, "the channel is being closed")
    }
}
