import AMQP
import Logging
import NIOCore

// A look at the queue now and then, by a daemon that has nothing to do.
extension FunctionConsumer {
    /// Begins to look, and goes on until the connection is closed or the daemon drains.
    func watchQueue() {
        guard self.watchTask == nil, !self.isDraining else { return }
        self.watchTask = self.eventLoop.assumeIsolated().scheduleTask(in: self.watch.pause) { [weak self] in
            guard let self else { return }
            self.watchTask = nil
            self.lookIfDue()
        }
    }

    func stopWatching() {
        self.watchTask?.cancel()
        self.watchTask = nil
    }

    private func lookIfDue() {
        guard self.watch.isDue(isIdle: self.running == 0), let channel = self.channel, channel.isOpen,
            self.plan.hasBegun, !self.traits.hasSingleActiveConsumer
        else { return self.watchQueue() }
        self.queue.look(on: channel.link).assumeIsolated().whenComplete { result in
            if let sight = Self.sight(result) { self.looked(sight, on: channel) }
            if channel.link.isOpen { self.watchQueue() }
        }
    }

    /// `nil` where the broker did not answer.
    private static func sight(_ result: Result<ServerMethod.QueueDeclareOK, any Error>) -> QueueWatch.Sight? {
        switch result {
        case .success(let found):
            QueueWatch.Sight(readyCount: Int(found.messageCount), consumerCount: Int(found.consumerCount))
        case .failure(let error): (error as? AMQPError)?.replyCode == .notFound ? .nothing : nil
        }
    }

    private func looked(_ sight: QueueWatch.Sight, on channel: AMQPLinkChannel) {
        switch self.watch.looked(sight, isClassic: self.traits.type == .classic) {
        case .nothing: return
        case .forgotten:
            self.logger.warning(
                "The broker has forgotten the consumer; consuming anew",
                metadata: ["queue": "\(self.configuration.queueName)"])
        // Without a consumer the queue might go.
        case .perhapsForgotten: guard self.traits.staysWithoutConsumers else { return }
        }
        self.consumeAnew(insteadOf: channel)
    }

    /// On another channel: what the broker may believe to have delivered on this one comes again when it is closed.
    private func consumeAnew(insteadOf channel: AMQPLinkChannel) {
        guard self.channel === channel, channel.isOpen, self.plan.hasBegun, self.running == 0, !self.isDraining
        else { return }
        let tags = self.plan.tags
        self.plan.lost()
        let cancelled = EventLoopFuture.andAllComplete(tags.map { channel.cancel($0) }, on: self.eventLoop)
        cancelled.assumeIsolated().whenComplete { _ in
            guard self.channel === channel, channel.isOpen, !self.isDraining else { return }
            // What came after all is answered by the channel that it came by.
            guard self.running == 0 else { return self.setUpAgain(on: channel.link) }
            self.channelLost()
            channel.close().whenComplete { _ in self.setUpAgain(on: channel.link) }
        }
    }
}
