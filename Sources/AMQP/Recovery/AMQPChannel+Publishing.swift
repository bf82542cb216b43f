import NIOCore

extension AMQPChannel {
    /// Publishes a message, and does not wait for the broker.
    ///
    /// Waits while too much is buffered, or the broker blocks.
    ///
    /// - Parameters:
    ///   - message: Properties and body.
    ///   - exchange: The exchange, at most 255 bytes. Default: the default one, which routes to the queue named by the
    ///     routing key.
    ///   - routingKey: The routing key, at most 255 bytes.
    /// - Throws: `connectionFailed` while there is no connection; nothing was sent then. `cancelled` when the task is
    ///   cancelled while it waits. A loss after this returned is not noticed: use
    ///   `publishConfirmed(_:to:routingKey:isMandatory:)` where that matters.
    public func publish(
        _ message: AMQPMessage, to exchange: AMQPShortString = .empty, routingKey: AMQPShortString
    ) async throws(AMQPError) {
        let ticket = PublisherQueue.Ticket()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Result<Void, AMQPError>, Never>) in
                self.eventLoop.execute {
                    self.publish(message, to: exchange, routingKey: routingKey, ticket) {
                        continuation.resume(returning: $0)
                    }
                }
            }
        } onCancel: {
            self.eventLoop.execute { self.publishersWaiting.cancel(ticket)?(false) }
        }
        try result.get()
    }

    /// Publishes a message, and does not wait for the broker; names are text.
    ///
    /// Otherwise the same as the one whose names are ``AMQPShortString``s.
    ///
    /// - Parameters:
    ///   - message: Properties and body.
    ///   - exchange: The exchange, at most 255 bytes. Default: the default one, which routes to the queue named by the
    ///     routing key.
    ///   - routingKey: The routing key, at most 255 bytes.
    /// - Throws: As the other.
    public func publish(
        _ message: AMQPMessage, to exchange: String = "", routingKey: String
    ) async throws(AMQPError) {
        try await self.publish(message, to: AMQPShortString(exchange), routingKey: AMQPShortString(routingKey))
    }

    /// Has the broker confirm what `publishConfirmed(_:to:routingKey:isMandatory:)` publishes.
    ///
    /// Call it once.
    ///
    /// - Throws: `connectionFailed` while there is no connection; the error that the channel has ended with.
    public func selectConfirms() async throws(AMQPError) {
        try await self.onLoopFuture { channel in
            channel.selectConfirms().map { self.topology.confirmsSelected() }
        }
    }

    /// Publishes a message, and waits until the broker has taken it over.
    ///
    /// Each call waits for a round trip to the broker, and for a durable queue for its disk; calls of several tasks wait at
    /// the same time. For many messages ``publishConfirmed(_:)`` is the faster way.
    ///
    /// - Parameters:
    ///   - message: Properties and body.
    ///   - exchange: The exchange, at most 255 bytes. Default: the default one, which routes to the queue named by the
    ///     routing key.
    ///   - routingKey: The routing key, at most 255 bytes.
    ///   - isMandatory: Fail with `unroutable` when no queue takes it, rather than drop it. Default: true.
    /// - Throws: `unroutable`; `nacked` when the broker refuses it (a full queue); `connectionFailed` while there is no
    ///   connection, and nothing was sent; `connectionLost` when the connection goes before the confirm, `cancelled` when
    ///   the task is cancelled before: the broker may have the message then. `invalidArgument` without
    ///   ``selectConfirms()``.
    public func publishConfirmed(
        _ message: AMQPMessage, to exchange: AMQPShortString = .empty, routingKey: AMQPShortString,
        isMandatory: Bool = true
    ) async throws(AMQPError) {
        let publishing = AMQPPublishing(message, to: exchange, routingKey: routingKey, isMandatory: isMandatory)
        let failures = await ConfirmedBatch([publishing], on: self).run()
        if let failure = failures.first { throw failure.error }
    }

    /// Publishes a message, and waits until the broker has taken it over; names are text.
    ///
    /// Otherwise the same as the one whose names are ``AMQPShortString``s.
    ///
    /// - Parameters:
    ///   - message: Properties and body.
    ///   - exchange: The exchange, at most 255 bytes. Default: the default one, which routes to the queue named by the
    ///     routing key.
    ///   - routingKey: The routing key, at most 255 bytes.
    ///   - isMandatory: Fail with `unroutable` when no queue takes it, rather than drop it. Default: true.
    /// - Throws: As the other.
    public func publishConfirmed(
        _ message: AMQPMessage, to exchange: String = "", routingKey: String, isMandatory: Bool = true
    ) async throws(AMQPError) {
        try await self.publishConfirmed(
            message, to: AMQPShortString(exchange), routingKey: AMQPShortString(routingKey), isMandatory: isMandatory)
    }

    /// Publishes messages one after the other, and waits until the broker has taken over all of them.
    ///
    /// They leave as fast as the connection takes them, with one flush where they fit into the socket's buffer, and their
    /// confirms are awaited together: so the broker is never idle, and one connection is enough. Have two batches of some
    /// hundred messages under way where the next one can be made while one is confirmed. No order is promised between
    /// batches that are under way at once.
    ///
    /// - Parameter batch: The messages, in the order in which they are published.
    /// - Returns: What was not taken over, in the batch's order, each with its own error; empty when the broker has
    ///   everything. Errors are as for `publishConfirmed(_:to:routingKey:isMandatory:)`: one message's is no other's,
    ///   but for a lost connection: `connectionLost` for what was sent and is not confirmed, `connectionFailed` for what
    ///   was not sent.
    public func publishConfirmed(_ batch: [AMQPPublishing]) async -> [AMQPPublishFailure] {
        guard !batch.isEmpty else { return [] }
        return await ConfirmedBatch(batch, on: self).run()
    }
}

// MARK: - On the loop

extension AMQPChannel {
    /// Publishes as soon as there is room: the socket's buffer takes more, and the broker does not block publishers.
    private func publish(
        _ message: AMQPMessage, to exchange: AMQPShortString, routingKey: AMQPShortString,
        _ ticket: PublisherQueue.Ticket, _ completion: @escaping (Result<Void, AMQPError>) -> Void
    ) {
        guard !ticket.isCancelled else { return completion(.failure(.publishCancelled)) }
        do throws(AMQPError) {
            let channel = try self.current()
            guard channel.link.takesPublishes else {
                return self.publishersWaiting.wait(ticket) { isWanted in
                    guard isWanted else { return completion(.failure(.publishCancelled)) }
                    self.publish(message, to: exchange, routingKey: routingKey, ticket, completion)
                }
            }
            try channel.publish(
                exchange: exchange, routingKey: routingKey, isMandatory: false, properties: message.properties,
                body: message.body)
            completion(.success(()))
        } catch {
            completion(.failure(error.ofUnsentCall))
        }
    }

    /// Publishers that wait look again whether there is room, or no connection any more.
    func resumePublishers() {
        for resume in self.publishersWaiting.takeAll() { resume(true) }
    }
}

extension AMQPError {
    fileprivate static var publishCancelled: AMQPError {
        AMQPError(.cancelled, "the task was cancelled while it waited to publish", mayHaveExecuted: false)
    }
}
