import NIOCore

// What comes in.
extension AMQPLinkChannel {
    func methodReceived(_ method: ServerMethod) {
        guard !self.assembler.isAssembling else {
            return self.link.violated(
                ProtocolViolation(.unexpectedFrame, "\(method.name) came in the middle of a message"))
        }
        self.perform(self.machine.methodReceived(method))
    }

    func headerReceived(bodyByteCount: UInt64, _ properties: AMQPProperties) {
        self.perform(self.assembler.headerReceived(bodyByteCount: bodyByteCount, properties))
    }

    func bodyReceived(_ fragment: ByteBuffer, missingByteCount: Int) {
        self.perform(self.assembler.bodyReceived(fragment, missingByteCount: missingByteCount))
    }

    /// The link is gone.
    func linkClosed(_ error: AMQPError) {
        self.closed(error, waiters: self.machine.linkClosed(error))
    }

    private func perform(_ action: ChannelStateMachine<Waiter>.Action) {
        switch action {
        case .none: break
        case .resume(let waiter, let method): waiter.succeed(.method(method))
        case .assemble(let method): self.assembler.methodReceived(method)
        case .acked(let tag, let multiple):
            self.settle(self.confirms?.acked(deliveryTag: tag, multiple: multiple))
        case .nacked(let tag, let multiple):
            self.settle(self.confirms?.nacked(deliveryTag: tag, multiple: multiple))
        case .consumerCancelled(let tag):
            self.consumers.removeValue(forKey: tag)?.cancelled()
        case .flow(let active):
            self.link.answer(.channelFlowOK(active: active), on: self.number)
        case .closedByServer(let error, let waiters, let isForPublish):
            self.link.answer(.channelCloseOK, on: self.number)
            self.link.channelEnded(self)
            self.closed(error, waiters: waiters, lastPublish: isForPublish ? error : nil)
        case .closeCrossed: self.link.answer(.channelCloseOK, on: self.number)
        case .closedByUs(let waiter, let failed, let error):
            self.link.channelEnded(self)
            self.closed(error, waiters: failed)
            waiter.succeed(.method(.channelCloseOK))
        case .violation(let violation): self.link.violated(violation)
        }
    }

    private func perform(_ action: ContentAssembler.Action) {
        switch action {
        case .wait: break
        case .violation(let violation): self.link.violated(violation)
        case .complete(.delivery(let method, let properties, let body)):
            // After our close what still comes is dropped: the broker takes it back.
            guard self.machine.isOpen else { return }
            self.consumer(method.consumerTag)?(AMQPDelivery(method, properties, body, epoch: self.epoch))
        case .complete(.returned(let method, let properties, let body)):
            self.returned(method, properties, body)
        case .complete(.got(let method, let properties, let body)):
            self.machine.getCompleted()?.succeed(
                .message(AMQPFetchedMessage(method, properties, body, epoch: self.epoch)))
        }
    }

    private func consumer(_ tag: AMQPShortString) -> ((AMQPDelivery) -> Void)? {
        if let last = self.lastConsumer, last.tag == tag { return last.deliver }
        guard let consumer = self.consumers[tag] else { return nil }
        self.lastConsumer = (tag, consumer.deliver)
        return consumer.deliver
    }

    private func returned(_ method: ServerMethod.Return, _ properties: AMQPProperties, _ body: ByteBuffer) {
        let fingerprint = PublisherConfirms<ConfirmHandler>.Fingerprint(
            exchange: method.exchange, routingKey: method.routingKey, properties: properties, body: body)
        if self.confirms?.returned(method, fingerprint: fingerprint) == true { return }
        self.onReturned?(
            AMQPReturnedMessage(
                replyCode: AMQPReplyCode(rawValue: method.replyCode), replyText: method.replyText,
                exchange: method.exchange, routingKey: method.routingKey, properties: properties, body: body))
    }

    private func settle(_ settled: [(ConfirmHandler, PublishOutcome)]?) {
        guard let settled else {
            return self.link.violated(
                ProtocolViolation(.commandInvalid, "a confirm came for a message that was not published"))
        }
        for (handler, outcome) in settled { handler(.success(outcome)) }
    }

    /// - Parameters:
    ///   - error: Why the channel has ended.
    ///   - waiters: Who waits for replies.
    ///   - lastPublish: What became of the last publish, where that is known: the broker has refused one, does not say which,
    ///     and has what came before it. So of the others nobody knows.
    private func closed(_ error: AMQPError, waiters: [Waiter], lastPublish: AMQPError? = nil) {
        self.consumers.removeAll()
        for waiter in waiters { waiter.fail(error) }
        let publishers = self.confirms?.channelClosed()
        for publisher in publishers?.waiters ?? [] { publisher(.failure(error.ofSentCall)) }
        publishers?.last?(.failure(lastPublish ?? error.ofSentCall))
        let onClosed = self.onClosed
        self.onClosed = nil
        self.onReturned = nil
        onClosed?(error)
    }
}
