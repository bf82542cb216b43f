import Logging
package import NIOCore

extension AMQPChannel: AMQPRecoverable {
    package func linkOpened(_ link: AMQPLink) -> EventLoopFuture<Void> {
        link.openChannel().flatMap { channel in
            channel.onClosed = { error in
                guard channel.link.isOpen, self.channel === channel else { return }
                self.connection.unregister(self)
                self.end(error)
            }
            return self.replay(on: channel).map {
                // Closed while it was set up.
                guard self.endedError == nil else { return channel.close().whenComplete { _ in } }
                self.recoveryFailures = 0
                self.channel = channel
                self.resumePublishers()
            }
        }.flatMapErrorThrowing { error in
            // The link's own end is not ours; anything else is: the broker refuses what it once agreed to.
            guard link.isOpen, self.endedError == nil else { return }
            if let pause = self.pauseBeforeRetry((error as? AMQPError)?.replyCode) {
                return self.recover(on: link, after: pause, for: error)
            }
            self.connection.unregister(self)
            self.end(error as? AMQPError ?? AMQPError(.channelClosed, "\(error)", underlying: error))
        }
    }

    /// How long to wait for the broker to give up the lost connection, where that may be what it refuses for; else nil.
    private func pauseBeforeRetry(_ replyCode: AMQPReplyCode?) -> TimeAmount? {
        switch replyCode {
        // An exclusive queue is still the lost connection's.
        case .resourceLocked: return .seconds(1)
        // Another consumer may not be beside an exclusive one, which is still the lost connection's.
        case .accessRefused where self.hasExclusiveConsumer && self.recoveryFailures < self.maxExclusiveFailures:
            self.recoveryFailures += 1
            return .seconds(1)
        // What is auto-delete went with the lost connection's consumers and bindings, after it was declared again.
        case .notFound where self.recoveryFailures < Self.maxRecoveryFailures:
            self.recoveryFailures += 1
            return TimeAmount(RecoveryStateMachine.backoff(self.recoveryFailures, jitter: .random(in: 0...1)))
        default: return nil
        }
    }

    private static let maxRecoveryFailures = 5

    private var hasExclusiveConsumer: Bool { self.topology.consumers.contains { $0.isExclusive } }

    /// As many seconds as a broker may take to miss a lost connection's heartbeats, and some.
    private var maxExclusiveFailures: Int { 2 * Int(self.connection.configuration.heartbeatSeconds) + 10 }

    private func recover(on link: AMQPLink, after pause: TimeAmount, for error: any Error) {
        self.connection.logger.info(
            "A channel is set up again later", metadata: [AMQPLogKey.error: "\(error)", AMQPLogKey.retryIn: "\(pause)"])
        self.eventLoop.assumeIsolated().scheduleTask(in: pause) {
            guard link.isOpen, self.endedError == nil else { return }
            _ = self.linkOpened(link)
        }
    }

    package func linkWritable() {
        self.resumePublishers()
    }

    package func linkLost(_ error: AMQPError) {
        self.channel = nil
        self.recoveryFailures = 0
        // Whoever waits to publish finds out that there is no connection.
        self.resumePublishers()
    }

    package func connectionClosed(_ error: AMQPError) {
        self.end(error)
    }

    private func replay(on channel: AMQPLinkChannel) -> EventLoopFuture<Void> {
        let topology = self.topology
        var steps: [EventLoopFuture<Void>] = []
        func request(_ method: ClientMethod, _ expectation: ChannelStateMachine<AMQPLinkChannel.Waiter>.Expectation) {
            steps.append(channel.request(method, expecting: expectation).map { _ in })
        }
        if topology.isConfirming { steps.append(channel.selectConfirms()) }
        for exchange in topology.exchanges { request(.exchangeDeclare(exchange, passive: false), .exchangeDeclareOK) }
        for binding in topology.exchangeBindings { request(.exchangeBind(binding), .exchangeBindOK) }
        for queue in topology.queues { steps.append(self.redeclare(queue, on: channel)) }
        // Requests are answered in order, so that one failure makes all later ones fail with it.
        return EventLoopFuture.andAllSucceed(steps, on: self.eventLoop).flatMap { self.replayBindings(on: channel) }
    }

    /// After the queues, since bindings and consumers need the names that the broker made.
    private func replayBindings(on channel: AMQPLinkChannel) -> EventLoopFuture<Void> {
        var steps = self.topology.queueBindings.map { binding in
            channel.request(.queueBind(binding), expecting: .queueBindOK).map { _ in }
        }
        for consumption in self.topology.consumers {
            guard let source = self.consumers[consumption.consumerTag] else { continue }
            steps.append(self.consume(consumption, source, on: channel))
        }
        return EventLoopFuture.andAllSucceed(steps, on: self.eventLoop)
    }

    private func redeclare(_ queue: ChannelTopology.Queue, on channel: AMQPLinkChannel) -> EventLoopFuture<Void> {
        channel.request(.queueDeclare(queue.declaration, passive: false), expecting: .queueDeclareOK).map { reply in
            guard case .method(.queueDeclareOK(let ok)) = reply else { return }
            self.topology.queueRenamed(from: queue.currentName, to: ok.queue.string)
        }
    }
}
