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
                self.channel = channel
                self.resumePublishers()
            }
        }.flatMapErrorThrowing { error in
            // The link's own end is not ours; anything else is: the broker refuses what it once agreed to.
            guard link.isOpen else { return }
            if (error as? AMQPError)?.replyCode == .resourceLocked { return self.recoverLater(on: link) }
            self.connection.unregister(self)
            self.end(error as? AMQPError ?? AMQPError(.channelClosed, "\(error)", underlying: error))
        }
    }

    /// An exclusive queue still belongs to the lost connection, which the broker has not given up yet.
    private func recoverLater(on link: AMQPLink) {
        self.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) {
            guard link.isOpen, self.endedError == nil else { return }
            _ = self.linkOpened(link)
        }
    }

    package func linkWritable() {
        self.resumePublishers()
    }

    package func linkLost(_ error: AMQPError) {
        self.channel = nil
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
        if let prefetch = topology.prefetchCount {
            request(.basicQos(prefetchCount: prefetch, isGlobal: false), .qosOK)
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
