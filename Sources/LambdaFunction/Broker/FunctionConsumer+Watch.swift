import AMQP
import Logging
import NIOCore

// A look at the queue now and then, by a daemon that has nothing to do.
extension FunctionConsumer: QueueWatcher.Consumer {
    var isIdle: Bool { self.running == 0 }

    var watchedChannel: AMQPLinkChannel? {
        self.plan.hasBegun && !self.traits.hasSingleActiveConsumer ? self.channel : nil
    }

    var watchedQueue: AMQPQueueDeclaration { self.queue.declaration }

    var isQueueClassic: Bool { self.traits.type == .classic }

    func consumeAnew(insteadOf channel: AMQPLinkChannel, _ finding: QueueWatch.Finding) {
        guard self.channel === channel, channel.isOpen, self.plan.hasBegun, self.running == 0, !self.isDraining
        else { return }
        if finding == .forgotten {
            self.logger.warning(
                "The broker has forgotten the consumer; consuming anew",
                metadata: ["queue": "\(self.configuration.queueName)"])
        } else if !self.traits.staysWithoutConsumers {
            return  // it might go
        }
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
