package import AMQP
import Logging
package import NIOCore

// The queue and its consumer, on each new link.
extension RPCServer: AMQPRecoverable {
    /// Declares and consumes on a new link.
    package func linkOpened(_ link: AMQPLink) -> EventLoopFuture<Void> {
        guard !self.isStopping else { return self.eventLoop.makeSucceededVoidFuture() }
        return self.setUp(on: link).flatMapErrorThrowing { self.setUpFailed($0, on: link) }
    }

    /// What is being handled goes on; a new link will come.
    package func linkLost(_ error: AMQPError) {
        if let channel = self.channel { self.held.remove(of: channel) }
        self.channel = nil
        self.consumerTag = nil
        self.streamsLost(error)
    }

    /// Streams go on.
    package func linkWritable() {
        for call in self.streams.values { call.sendElements() }
    }

    /// Ends ``run()``.
    package func connectionClosed(_ error: AMQPError) {
        self.linkLost(error)
        self.closedError = error
        self.connectionEnded()
    }

    /// Begins to consume; fails when there is a connection and it cannot be done.
    func start() -> EventLoopFuture<Void> {
        guard !self.isRunning else {
            return self.eventLoop.makeFailedFuture(AMQPError(.invalidArgument, "a server can run only once"))
        }
        self.isRunning = true
        return self.connection.register(self).flatMapThrowing {
            // A link that is lost meanwhile is no reason to give up: the next one will be asked.
            guard let error = self.setUpError, self.consumerTag == nil, self.connection.link?.isOpen == true else { return }
            self.isStopping = true
            self.connection.unregister(self)
            throw error
        }
    }

    /// Ends the consumer; what the broker has sent before it agrees is given back when the channel is closed.
    func stopConsuming() -> EventLoopFuture<Void> {
        guard let channel, let consumerTag, channel.isOpen else { return self.eventLoop.makeSucceededVoidFuture() }
        self.consumerTag = nil
        return channel.cancel(consumerTag)
    }

    /// Closes the channel, and says why the connection ended, if it did.
    func shutDown() -> EventLoopFuture<AMQPError?> {
        self.connection.unregister(self)
        self.timer.stop()
        let closedError = self.closedError
        // What was given up and came by an earlier channel goes back, too.
        for call in self.calls.values where call.channel !== self.channel && call.channel.isOpen {
            call.channel.close().whenComplete { _ in }
        }
        guard let channel, channel.isOpen else { return self.eventLoop.makeSucceededFuture(closedError) }
        return channel.close().map { closedError }.flatMapErrorThrowing { _ in closedError }
    }

    private func setUp(on link: AMQPLink) -> EventLoopFuture<Void> {
        link.openChannel().flatMap { channel in
            guard !self.isStopping else { return channel.close() }
            self.channel = channel
            channel.onClosed = { self.channelClosed(channel, $0) }
            let queue = ClientMethod.queueDeclare(
                self.configuration.queue, passive: !self.configuration.declaresQueue)
            let qos = ClientMethod.basicQos(
                prefetchCount: UInt16(clamping: self.configuration.concurrency), isGlobal: false)
            return channel.request(queue, expecting: .queueDeclareOK)
                .flatMap { reply in
                    channel.request(qos, expecting: .qosOK)
                        .flatMap { _ in self.setUpStreams(on: channel) }
                        .flatMap { self.consume(reply, on: channel) }
                }
                .closing(channel)
        }
    }

    private func consume(_ reply: AMQPLinkChannel.Reply, on channel: AMQPLinkChannel) -> EventLoopFuture<Void> {
        guard case .method(.queueDeclareOK(let queue)) = reply else {
            return self.eventLoop.makeFailedFuture(AMQPError(.protocolViolation, "the broker named no queue"))
        }
        return channel.consume(
            AMQPConsumption(queue: queue.queue.string), deliver: { self.received($0, on: channel) },
            cancelled: { self.consumerCancelled(on: channel) }
        ).assumeIsolated().map { tag in
            guard channel.isOpen else { return }
            self.setUpError = nil
            self.setUpRetry.succeeded()
            // Stopped meanwhile: what comes would only go back.
            guard !self.isStopping else { return channel.close().whenComplete { _ in } }
            self.consumerTag = tag
        }.nonisolated()
    }

    private func setUpFailed(_ error: any Error, on link: AMQPLink) {
        let error = error as? AMQPError ?? AMQPError(.channelClosed, "\(error)", underlying: error)
        self.setUpError = error
        self.log("The queue cannot be consumed", error)
        self.setUpAgain(on: link)
    }

    private func channelClosed(_ channel: AMQPLinkChannel, _ error: AMQPError) {
        // Where it was not consumed on yet, the set-up itself fails and is tried again.
        guard self.channel === channel, self.consumerTag != nil, channel.link.isOpen else { return }
        self.held.remove(of: channel)
        self.channel = nil
        self.consumerTag = nil
        self.streamsLost(error)
        self.log("The channel was closed", error)
        self.setUpAgain(on: channel.link)
    }

    /// The queue was deleted, or has moved to another node of the cluster.
    private func consumerCancelled(on channel: AMQPLinkChannel) {
        guard self.channel === channel else { return }
        self.consumerTag = nil
        let error = AMQPError(.consumerCancelled, "the queue was deleted or has moved")
        self.streamsLost(error)
        self.log("The broker ended the consumer", error)
        self.held.remove(of: channel)
        self.channel = nil
        self.closeIfUnused(channel)
        self.setUpAgain(on: channel.link)
    }

    /// Closes a channel that is not consumed on any more, once what came by it is answered: a queue that was deleted gives
    /// its requests to nobody else. One that has moved gets back what is not acknowledged then.
    func closeIfUnused(_ channel: AMQPLinkChannel) {
        guard self.channel !== channel, channel.isOpen, !self.calls.values.contains(where: { $0.channel === channel })
        else { return }
        channel.close().whenComplete { _ in }
    }

    private func setUpAgain(on link: AMQPLink) {
        self.setUpRetry.schedule(on: self.eventLoop) {
            guard link.isOpen, self.connection.link === link, !self.isStopping, self.consumerTag == nil else { return }
            self.setUp(on: link).assumeIsolated().whenFailure { self.setUpFailed($0, on: link) }
        }
    }
}
