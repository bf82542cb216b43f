package import NIOCore

/// A channel: where exchanges and queues are declared, and messages published and consumed.
///
/// It survives a lost connection: what was declared, bound and consumed through it is so again on the next one. It ends
/// when it is closed, by ``close()`` or by the broker for an error; open another then.
///
/// Safe to use from any task. Calls are answered in the order in which they were made.
public final class AMQPChannel: @unchecked Sendable {
    // @unchecked: every stored `var` is used on `eventLoop` only (asserted at the entries).
    package let connection: AMQPConnection
    package let eventLoop: any EventLoop

    var topology = ChannelTopology()
    var channel: AMQPLinkChannel?
    var consumers: [AMQPShortString: AMQPConsumer.Source] = [:]
    var publishersWaiting = PublisherQueue()
    var nextConsumerNumber = 1
    /// Recoveries in a row that found something missing.
    var recoveryFailures = 0
    /// Why the channel has ended; `nil` while it has not.
    var endedError: AMQPError?

    package init(connection: AMQPConnection) {
        self.connection = connection
        self.eventLoop = connection.eventLoop
    }
}

extension AMQPConnection {
    /// Opens a channel.
    ///
    /// - Throws: `connectionFailed` while there is no connection; `resourceRefused` when `channel_max` is reached; `cancelled`
    ///   when the task is cancelled before.
    public func openChannel() async throws(AMQPError) -> AMQPChannel {
        guard !Task.isCancelled else { throw .waitCancelled.ofUnsentCall }
        let channel = AMQPChannel(connection: self)
        let opened = self.eventLoop.flatSubmit {
            self.register(channel).flatMap { channel.requireOpen() }.flatMapErrorThrowing { error in
                // Nobody has it: the next connection is not to open it, either.
                channel.shutdown().whenComplete { _ in }
                throw error
            }
        }
        try await opened.cancellableValue { channel.shutdown().whenComplete { _ in } }
        return channel
    }
}

// MARK: - Its life

extension AMQPChannel {
    /// Whether the channel has not been closed, by ``close()`` or by the broker; it may be without a connection for a
    /// while.
    ///
    /// Use on ``eventLoop`` only.
    package var isOpen: Bool { self.endedError == nil }

    /// Closes the channel.
    ///
    /// Its consumers end; what they hold unacknowledged goes back to the queues. Returns when the broker has agreed, or
    /// after 5 s.
    ///
    /// - Throws: `AMQPError` where the broker does not agree; `cancelled` when the task is cancelled before it has. The
    ///   channel has ended then, too.
    public func close() async throws(AMQPError) {
        try await self.eventLoop.flatSubmit { self.shutdown() }.cancellableValue()
    }
}

// MARK: - On the loop

extension AMQPChannel {
    /// ``close()`` on the loop.
    func shutdown() -> EventLoopFuture<Void> {
        self.connection.unregister(self)
        let channel = self.channel
        self.end(AMQPError(.channelClosed, "the channel was closed"))
        guard let channel, channel.isOpen else { return self.eventLoop.makeSucceededVoidFuture() }
        return channel.close()
    }

    func current() throws(AMQPError) -> AMQPLinkChannel {
        self.eventLoop.assertInEventLoop()
        if let error = self.endedError { throw error.ofUnsentCall }
        guard let channel = self.channel else {
            throw AMQPError(.connectionFailed, "there is no connection to the broker now")
        }
        return channel
    }

    func requireOpen() -> EventLoopFuture<Void> {
        self.eventLoop.makeCompletedFuture { _ = try self.current() }
    }

    /// Settles a message of the connection that stands; also for a task that is cancelled.
    ///
    /// - Returns: `false` where the message's connection was lost since, and nothing is left to settle.
    func settle(
        _ epoch: ChannelEpoch, _ body: @escaping @Sendable (AMQPLinkChannel) throws(AMQPError) -> Void
    ) async throws(AMQPError) -> Bool {
        try await self.eventLoop.submit {
            if let error = self.endedError { throw error }
            guard let channel = self.channel, channel.epoch == epoch else { return false }
            try body(channel)
            return true
        }.value()
    }

    func onLoopFuture<Value: Sendable>(
        abandoned: @escaping @Sendable (Value) -> Void = { _ in },
        _ body: @escaping @Sendable (AMQPLinkChannel) -> EventLoopFuture<Value>
    ) async throws(AMQPError) -> Value {
        guard !Task.isCancelled else { throw .waitCancelled.ofUnsentCall }
        return try await self.eventLoop.flatSubmit {
            do {
                return body(try self.current())
            } catch {
                return self.eventLoop.makeFailedFuture(error)
            }
        }.cancellableValue(abandoned: abandoned)
    }

    /// Sends a request; where the broker agrees, `record` keeps it for the next connection.
    func call(
        _ method: ClientMethod, _ expectation: ChannelStateMachine<AMQPLinkChannel.Waiter>.Expectation,
        record: @escaping @Sendable (inout ChannelTopology, ServerMethod) -> Void
    ) async throws(AMQPError) -> ServerMethod {
        let reply = try await self.onLoopFuture { channel in
            channel.request(method, expecting: expectation).map { reply in
                if case .method(let method) = reply { record(&self.topology, method) }
                return reply
            }
        }
        guard case .method(let method) = reply else {
            throw AMQPError(.protocolViolation, "a message came where a reply was expected")
        }
        return method
    }

    func call(
        _ method: ClientMethod, _ expectation: ChannelStateMachine<AMQPLinkChannel.Waiter>.Expectation,
        record: @escaping @Sendable (inout ChannelTopology) -> Void = { _ in }
    ) async throws(AMQPError) -> ServerMethod {
        try await self.call(method, expectation, record: { topology, _ in record(&topology) })
    }

    func end(_ error: AMQPError) {
        guard self.endedError == nil else { return }
        self.endedError = error
        self.channel = nil
        let consumers = self.consumers.values
        self.consumers = [:]
        for consumer in consumers { consumer.finish(error) }
        self.resumePublishers()
    }
}

extension AMQPError {
    static func unexpectedReply(_ method: ServerMethod) -> AMQPError {
        AMQPError(.protocolViolation, "\(method.name) came as a reply")
    }
}
