import NIOCore

extension AMQPChannel {
    /// Publishes a message, and does not wait for the broker. Waits while too much is buffered, or the broker blocks.
    ///
    /// - Parameters:
    ///   - message: Properties and body.
    ///   - exchange: The exchange; empty is the default one, which routes to the queue named by the routing key.
    ///   - routingKey: The routing key.
    /// - Throws: `connectionLost` while there is no connection; nothing was sent then. `cancelled` when the task is
    ///   cancelled while it waits. A loss after this returned is not noticed: use ``publishConfirmed(_:to:routingKey:isMandatory:)``
    ///   where that matters.
    public func publish(
        _ message: AMQPMessage, to exchange: AMQPShortString = .empty, routingKey: AMQPShortString
    ) async throws(AMQPError) {
        try await self.whenWritable()
        try await self.onLoop { (channel) throws(AMQPError) in
            try channel.publish(
                exchange: exchange, routingKey: routingKey, isMandatory: false, properties: message.properties,
                body: message.body)
        }
    }

    /// Has the broker confirm what ``publishConfirmed(_:to:routingKey:isMandatory:)`` publishes. Call it once.
    public func selectConfirms() async throws(AMQPError) {
        try await self.onLoopFuture { channel in
            channel.selectConfirms().map { self.topology.confirmsSelected() }
        }
    }

    /// Publishes a message, and waits until the broker has taken it over.
    ///
    /// - Parameters:
    ///   - message: Properties and body.
    ///   - exchange: The exchange; empty is the default one.
    ///   - routingKey: The routing key.
    ///   - isMandatory: Fail with `unroutable` when no queue takes it, rather than drop it.
    /// - Throws: `unroutable`; `nacked` when the broker refuses it (a full queue); `connectionLost` when the connection
    ///   goes before the confirm: the broker may have the message then.
    public func publishConfirmed(
        _ message: AMQPMessage, to exchange: AMQPShortString = .empty, routingKey: AMQPShortString,
        isMandatory: Bool = true
    ) async throws(AMQPError) {
        try await self.whenWritable()
        let outcome = try await self.onLoopFuture { channel in
            let promise = channel.eventLoop.makePromise(of: PublishOutcome.self)
            do {
                try channel.publish(
                    exchange: exchange, routingKey: routingKey, isMandatory: isMandatory,
                    properties: message.properties, body: message.body,
                    confirm: { promise.completeWith($0.mapError { $0 as any Error }) })
            } catch {
                promise.fail(error)
            }
            return promise.futureResult
        }
        switch outcome {
        case .confirmed: return
        case .nacked: throw AMQPError(.nacked, "the broker did not take a message for \(routingKey)")
        case .returned(let code, let text):
            throw AMQPError(
                .unroutable, "no queue for routing key \(routingKey): \(text)", replyCode: AMQPReplyCode(rawValue: code),
                isServerInitiated: true)
        }
    }

    /// Waits until the link takes more: the socket's buffer has room, and the broker does not block publishers.
    private func whenWritable() async throws(AMQPError) {
        let ticket = PublisherQueue.Ticket()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                self.eventLoop.execute {
                    guard let link = self.channel?.link, !link.takesPublishes, self.endedError == nil else {
                        return continuation.resume(returning: true)
                    }
                    self.publishersWaiting.wait(ticket, continuation)
                }
            }
        } onCancel: {
            self.eventLoop.execute { self.publishersWaiting.cancel(ticket) }
        }
        if !result { throw AMQPError(.cancelled, "the task was cancelled while it waited to publish") }
    }
}
