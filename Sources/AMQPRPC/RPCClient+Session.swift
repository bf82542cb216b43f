package import AMQP
import Logging
package import NIOCore

// The reply queue and its consumer, on each new link.
extension RPCClient: AMQPRecoverable {
    /// Makes the reply queue on a new link.
    package func linkOpened(_ link: AMQPLink) -> EventLoopFuture<Void> {
        self.setUp(on: link).flatMapErrorThrowing { self.setUpFailed($0, on: link) }
    }

    /// Sends what waits for the socket.
    package func linkWritable() {
        self.sendHeld()
    }

    /// Fails the calls under way; a new link will come.
    package func linkLost(_ error: AMQPError) {
        self.sessionLost(.whileWaiting(error), absence: .notConnected(error))
    }

    /// Fails the calls under way, and every later one.
    package func connectionClosed(_ error: AMQPError) {
        self.timer.stop()
        self.sessionLost(error, absence: error)
    }

    private func setUp(on link: AMQPLink) -> EventLoopFuture<Void> {
        link.openChannel().flatMap { channel in
            channel.onClosed = { error in self.channelClosed(channel, error) }
            channel.onReturned = { message in self.returned(message) }
            return self.confirmMode(on: channel)
                .flatMap { self.declareReplyQueue(on: channel) }
                .flatMap { queue in self.consumeReplies(from: queue, on: channel) }
                .closing(channel)
        }
    }

    private func confirmMode(on channel: AMQPLinkChannel) -> EventLoopFuture<Void> {
        self.configuration.confirmsRequests ? channel.selectConfirms() : self.eventLoop.makeSucceededVoidFuture()
    }

    private func declareReplyQueue(on channel: AMQPLinkChannel) -> EventLoopFuture<AMQPShortString> {
        switch self.configuration.replyQueue {
        case .direct: return self.eventLoop.makeSucceededFuture("amq.rabbitmq.reply-to")
        case .exclusive:
            return channel.request(.queueDeclare(.serverNamedExclusive, passive: false), expecting: .queueDeclareOK)
                .flatMapThrowing { reply in
                    guard case .method(.queueDeclareOK(let queue)) = reply else {
                        throw AMQPError(.protocolViolation, "the broker named no reply queue")
                    }
                    return queue.queue
                }
        }
    }

    private func consumeReplies(from queue: AMQPShortString, on channel: AMQPLinkChannel) -> EventLoopFuture<Void> {
        let consumption = AMQPConsumption(
            queue: queue.string, noAck: true, isExclusive: self.configuration.replyQueue == .exclusive)
        return channel.consume(
            consumption, deliver: { self.replyReceived($0) }, cancelled: { self.consumerCancelled(on: channel) }
        ).assumeIsolated().map { _ in
            guard channel.isOpen else { return }
            guard !self.isClosed else { return channel.close().whenComplete { _ in } }
            self.setUpRetry.succeeded()
            self.session = Session(channel: channel, replyTo: queue)
        }.nonisolated()
    }

    private func setUpFailed(_ error: any Error, on link: AMQPLink) {
        let error = error as? AMQPError ?? AMQPError(.channelClosed, "\(error)", underlying: error)
        self.absence = .notConnected(error)
        self.logger.warning("The RPC client has no reply queue", metadata: [RPCLogKey.error: "\(error)"])
        self.setUpAgain(on: link)
    }

    /// A request to an exchange that does not exist, or that is not the user's, does this.
    ///
    /// The broker takes requests in order and does not say which one it refused: what came before that one may be executed,
    /// what came after is not. So of the last alone it is known.
    private func channelClosed(_ channel: AMQPLinkChannel, _ error: AMQPError) {
        guard let session = self.session, session.channel === channel, channel.link.isOpen else { return }
        self.logger.warning(
            "The RPC client's channel was closed",
            metadata: [RPCLogKey.queue: "\(session.replyTo)", RPCLogKey.error: "\(error)"])
        if error.code == .accessRefused, let last = self.lastPublished { self.fail(last, error) }
        self.sessionLost(.whileWaiting(on: error), absence: .notConnected(error))
        self.setUpAgain(on: channel.link)
    }

    private func consumerCancelled(on channel: AMQPLinkChannel) {
        guard let session = self.session, session.channel === channel else { return }
        self.logger.warning(
            "The broker deleted the RPC client's reply queue", metadata: [RPCLogKey.queue: "\(session.replyTo)"])
        let error = AMQPError(.consumerCancelled, "the reply queue was deleted", isServerInitiated: true)
        self.sessionLost(error, absence: .notConnected(error))
        channel.close().whenComplete { _ in }
        self.setUpAgain(on: channel.link)
    }

    private func setUpAgain(on link: AMQPLink) {
        self.setUpRetry.schedule(on: self.eventLoop) {
            guard link.isOpen, self.connection.link === link, self.session == nil, !self.isClosed else { return }
            self.setUp(on: link).assumeIsolated().whenFailure { self.setUpFailed($0, on: link) }
        }
    }
}

extension AMQPError {
    /// The end of a link as the callers that wait for a reply see it.
    fileprivate static func whileWaiting(_ error: AMQPError) -> AMQPError {
        AMQPError(
            .connectionLost, "the connection to the broker was lost; the request may have been executed: \(error)",
            replyCode: error.replyCode, isServerInitiated: error.isServerInitiated, underlying: error)
    }

    /// The same where it was a channel that ended; the client opens another.
    fileprivate static func whileWaiting(on error: AMQPError) -> AMQPError {
        AMQPError(
            .channelClosed, "the channel was closed; the request may have been executed: \(error)",
            replyCode: error.replyCode, isServerInitiated: error.isServerInitiated, isTransient: true,
            underlying: error)
    }

    /// The same for those that call while there is no reply queue: nothing of theirs has left.
    fileprivate static func notConnected(_ error: AMQPError) -> AMQPError {
        AMQPError(
            .connectionFailed, "not connected to the broker: \(error)", replyCode: error.replyCode,
            isServerInitiated: error.isServerInitiated, underlying: error)
    }
}
