import AMQP
package import NIOCore

// How a daemon leaves.
extension FunctionConsumer {
    /// Takes no further message, gives back what has not started, and completes when the rest is answered.
    package func drain() -> EventLoopFuture<Void> {
        self.eventLoop.assertInEventLoop()
        if let drained = self.drained { return drained.futureResult }
        let drained = self.eventLoop.makePromise(of: Void.self)
        self.drained = drained
        self.isDraining = true
        self.watcher.stop()
        if let channel = self.channel, self.plan.hasBegun {
            self.isCancelled = false
            self.leave(channel)
        } else {
            self.completeDrainIfQuiet()
        }
        return drained.futureResult
    }

    /// An auto-delete queue goes with its last consumer, and with it what it holds: whoever is that one empties it first.
    private func leave(_ channel: AMQPLinkChannel) {
        guard self.traits.isAutoDelete != false else { return self.cancel(on: channel) }
        channel.link.look(at: self.queue.declaration).assumeIsolated().whenComplete { result in
            guard case .success(let found) = result, found.messageCount > 0,
                found.consumerCount <= self.plan.tags.count, self.plan.hasBegun
            else { return self.cancel(on: channel) }
            self.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(100)) { self.leave(channel) }
        }
    }

    private func cancel(on channel: AMQPLinkChannel) {
        self.lookAhead?.end()
        let cancelled = EventLoopFuture.andAllComplete(self.plan.tags.map { channel.cancel($0) }, on: self.eventLoop)
        // What the broker sent before it agreed to the cancel still comes.
        cancelled.assumeIsolated().whenComplete { _ in
            self.isCancelled = true
            self.handBackUnstarted(on: channel)
            self.completeDrainIfQuiet()
        }
    }

    /// For whoever serves the function from now on. Where the queue may have gone with its last consumer it is run here.
    private func handBackUnstarted(on channel: AMQPLinkChannel) {
        guard channel.isOpen, self.traits.outlivesItsConsumers else { return }
        let tags = self.invoker.takeBackCalls(.returnable)
        LookAhead.handBack(tags, on: channel, logger: self.logger)
        self.forget(tags) { $0 === channel }
    }

    /// Messages that have not started are no longer this daemon's.
    ///
    /// - Parameters:
    ///   - deliveryTags: Theirs.
    ///   - isTheirs: Whether a channel is the one of the tags.
    func forget(_ deliveryTags: [UInt64], on isTheirs: (AMQPLinkChannel) -> Bool) {
        self.running -= deliveryTags.count
        self.calls.forget(deliveryTags, on: isTheirs)
        self.streams.forget(deliveryTags)
        if self.plan.isInDebt { for deliveryTag in deliveryTags { self.settledCredit(deliveryTag) } }
    }

    func completeDrainIfQuiet() {
        guard self.isDraining, self.isCancelled, self.running == 0 else { return }
        self.drained?.succeed()
    }
}
