package import AMQP
import Logging
package import NIOCore

// How a function's queue is consumed, on this link and on every later one.
extension FunctionConsumer: AMQPRecoverable {
    package func linkOpened(_ link: AMQPLink) -> EventLoopFuture<Void> {
        guard !self.isDraining else { return self.eventLoop.makeSucceededVoidFuture() }
        return self.setUp(on: link).flatMapErrorThrowing { error in
            self.setUpFailed(error, on: link)
        }
    }

    package func linkWritable() {
        self.streams.becameWritable()
    }

    package func linkLost(_ error: AMQPError) {
        self.channelLost()
    }

    package func connectionClosed(_ error: AMQPError) {
        self.watcher.stop()
        self.channelLost()
    }

    /// What came by the channel is the broker's again.
    func channelLost() {
        self.channel = nil
        self.plan.lost()
        self.lookAhead?.channelLost()
        // What has not started is nobody's here: the broker delivers it again, here or elsewhere.
        self.forget(self.invoker.takeBackCalls(.all)) { !$0.isOpen }
        self.calls.channelsLost { !$0.isOpen }
        self.streams.connectionLost()
        self.completeDrainIfQuiet()
    }

    private func setUp(on link: AMQPLink) -> EventLoopFuture<Void> {
        self.queue.ensure(on: link)
            .flatMap { traits in
                self.traits = traits
                return self.openChannel(on: link)
            }
            .flatMap { self.consume(on: $0) }
    }

    /// The channel that stands, or a new one.
    private func openChannel(on link: AMQPLink) -> EventLoopFuture<AMQPLinkChannel> {
        if let channel = self.channel, channel.isOpen { return self.eventLoop.makeSucceededFuture(channel) }
        return link.openChannel().flatMap { channel in
            self.channel = channel
            channel.onClosed = { error in self.channelClosed(channel, error) }
            channel.onReturned = { message in self.replyReturned(message) }
            return self.eventLoop.makeSucceededFuture(channel)
        }
    }
}

// MARK: - Consumers

extension FunctionConsumer {
    /// Begins what is wanted on a channel that has no consumer of ours.
    private func consume(on channel: AMQPLinkChannel) -> EventLoopFuture<Void> {
        guard case .begin(let prefetch, let priority) = self.plan.next(self.wantedTerms, keepsOne: self.keepsOne) else {
            return self.eventLoop.makeSucceededVoidFuture()
        }
        return self.begin(prefetch, priority, on: channel)
    }

    private func begin(_ prefetch: Int, _ priority: Int32, on channel: AMQPLinkChannel) -> EventLoopFuture<Void> {
        let generation = self.plan.generation
        let limit = UInt16(clamping: prefetch)
        // For the consumers that begin after it. A refusal closes the channel, and fails what follows.
        channel.request(.basicQos(prefetchCount: limit, isGlobal: false), expecting: .qosOK).whenComplete { _ in }
        let consumption = AMQPConsumption(
            queue: self.configuration.queueName, arguments: priority == 0 ? [:] : ["x-priority": .int32(priority)])
        return channel.consume(
            consumption, deliver: { delivery in self.received(delivery, on: channel) },
            cancelled: { self.consumerCancelled(on: channel) }
        ).assumeIsolated().map { tag in
            // What comes meanwhile goes back with the connection.
            guard !self.isDraining, generation == self.plan.generation else {
                return channel.cancel(tag).whenComplete { _ in }
            }
            self.failedSetUps = 0
            self.watcher.start(for: self)
            self.log(prefetch: prefetch, priority: priority)
            if self.traits.takesHandBacks { self.lookAhead?.begin(on: channel) }
            self.carryOut(self.plan.began(tag), on: channel)
        }.nonisolated()
    }

    private func beginAnother(_ prefetch: Int, _ priority: Int32, on channel: AMQPLinkChannel) {
        let generation = self.plan.generation
        // Without a consumer nobody has said that the queue was deleted; then it must not cost the channel.
        let found = self.plan.tags.isEmpty
            ? self.queue.ensure(on: channel.link).map { _ in } : self.eventLoop.makeSucceededVoidFuture()
        found.flatMap { self.begin(prefetch, priority, on: channel) }.assumeIsolated().whenFailure { error in
            // Where it went with its channel, that is seen to already.
            guard generation == self.plan.generation else { return }
            self.setUpFailed(error, on: channel.link)
        }
    }

    private func log(prefetch: Int, priority: Int32) {
        self.logger.log(
            level: self.plan.isFirst ? .info : .debug, "Consuming",
            metadata: [
                "queue": "\(self.configuration.queueName)", "prefetch": "\(prefetch)", "priority": "\(priority)",
            ])
    }

    private func end(_ tags: [AMQPShortString], on channel: AMQPLinkChannel) {
        let generation = self.plan.generation
        let ends = tags.map { channel.cancel($0) }
        EventLoopFuture.andAllComplete(ends, on: self.eventLoop).assumeIsolated().whenComplete { _ in
            guard generation == self.plan.generation, !self.isDraining else { return }
            // Nothing more comes of them, so that what is given back stays away.
            if !self.isLookingAhead { self.lookAhead?.consumesExactly() }
            self.plan.ended(tags, running: self.calls.deliveryTags { $0 === channel } + self.streams.deliveryTags)
            self.adjust()
        }
    }

    private func carryOut(_ action: ConsumerPlan.Action, on channel: AMQPLinkChannel) {
        switch action {
        case .none: self.adjust()
        case .begin(let prefetch, let priority): self.beginAnother(prefetch, priority, on: channel)
        case .end(let tags): self.end(tags, on: channel)
        }
    }

    /// Consumes as it is wanted now.
    func adjust() {
        guard let channel = self.channel, channel.isOpen, !self.isDraining, self.plan.hasBegun else { return }
        let wanted = self.wantedTerms
        switch self.plan.next(wanted, keepsOne: self.keepsOne) {
        case .none: if self.plan.consumes(on: wanted) { self.lookAhead?.consumesExactly() }
        case let action: self.carryOut(action, on: channel)
        }
    }

    /// A message is done with: there may be credit for another.
    func settledCredit(_ deliveryTag: UInt64) {
        if self.plan.isInDebt, self.plan.settled(deliveryTag) { self.adjust() }
    }

    /// A daemon that looks ahead comes after those that have a slot free, and one without a runtime after both.
    private var wantedTerms: ConsumerPlan.Terms {
        let configuration = self.configuration
        let prefetch = configuration.prefetch
        if configuration.prefersWarm, !self.invoker.isWarm {
            return .init(prefetch: prefetch, priority: configuration.priority - 2, isExact: true)
        }
        guard let lookAhead = self.lookAhead, lookAhead.isLookingAhead else {
            return .init(prefetch: prefetch, priority: configuration.priority, isExact: true)
        }
        return .init(
            prefetch: prefetch + lookAhead.limits.lookAhead, priority: configuration.priority - 1, isExact: false)
    }

    /// Whether the queue may go when nobody consumes from it.
    private var keepsOne: Bool { !self.traits.staysWithoutConsumers }

    /// Whether it takes more messages than can run.
    package var isLookingAhead: Bool { self.lookAhead?.isLookingAhead ?? false }
}

// MARK: - What goes wrong

extension FunctionConsumer {
    private func setUpFailed(_ error: any Error, on link: AMQPLink) {
        self.logger.error(
            "The function's queue cannot be consumed",
            metadata: ["queue": "\(self.configuration.queueName)", "error": "\(error)"])
        self.plan.lost()
        self.setUpAgain(on: link)
    }

    /// The queue was deleted, or has moved to another node of the cluster.
    private func consumerCancelled(on channel: AMQPLinkChannel) {
        // It ends all of them, one after the other.
        guard self.plan.hasBegun else { return }
        self.logger.warning("The broker ended the consumer", metadata: ["queue": "\(self.configuration.queueName)"])
        self.plan.lost()
        // The channel stays: what it delivered is still being run, and its replies leave through it.
        self.calls.consumerCancelled { $0 === channel }
        self.setUpAgain(on: channel.link)
    }

    private func channelClosed(_ channel: AMQPLinkChannel, _ error: AMQPError) {
        guard self.channel === channel, channel.link.isOpen else { return }
        self.logger.warning(
            "The channel was closed", metadata: ["queue": "\(self.configuration.queueName)", "error": "\(error)"])
        self.channelLost()
        self.setUpAgain(on: channel.link)
    }

    /// Tries again after a pause, as long as the link stands; a new link sets up anyway.
    func setUpAgain(on link: AMQPLink) {
        self.failedSetUps += 1
        let pause = RecoveryStateMachine.backoff(self.failedSetUps, jitter: .random(in: 0...1))
        self.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(pause)) {
            guard link.isOpen, !self.isDraining, !self.plan.hasBegun else { return }
            self.setUp(on: link).assumeIsolated().whenFailure { self.setUpFailed($0, on: link) }
        }
    }
}
