import AMQP
import NIOCore

/// Looks at a queue now and then while nothing comes from it; what follows from what is seen, ``QueueWatch`` says.
///
/// Use on the consumer's loop.
final class QueueWatcher {
    /// Whoever consumes from the queue.
    protocol Consumer: AnyObject {
        var isDraining: Bool { get }
        /// Whether nothing is being run that came from the queue.
        var isIdle: Bool { get }
        /// What is consumed on; `nil` while nothing is, or where a consumer may get nothing for another reason.
        var watchedChannel: AMQPLinkChannel? { get }
        /// The queue as it is declared, for a look.
        var watchedQueue: AMQPQueueDeclaration { get }
        /// Whether the broker tells of the queue's end, always.
        var isQueueClassic: Bool { get }
        /// Begins to consume on another channel: what the broker may believe to have delivered on this one comes again
        /// when it is closed.
        func consumeAnew(insteadOf channel: AMQPLinkChannel, _ finding: QueueWatch.Finding)
    }

    private var watch: QueueWatch
    private let eventLoop: any EventLoop
    private weak var consumer: (any Consumer)?
    private var timer: Scheduled<Void>?

    init(period: TimeAmount, eventLoop: any EventLoop) {
        self.watch = QueueWatch(period: period)
        self.eventLoop = eventLoop
    }

    /// Begins to look, and goes on until the connection is lost or the consumer drains.
    func start(for consumer: any Consumer) {
        self.consumer = consumer
        guard self.timer == nil, !consumer.isDraining else { return }
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(in: self.watch.pause) { [weak self] in
            guard let self, let consumer = self.consumer else { return }
            self.timer = nil
            self.lookIfDue(consumer)
        }
    }

    func stop() {
        self.timer?.cancel()
        self.timer = nil
    }

    /// A message came.
    func delivered() {
        self.watch.delivered()
    }

    private func lookIfDue(_ consumer: any Consumer) {
        guard self.watch.isDue(isIdle: consumer.isIdle), let channel = consumer.watchedChannel, channel.isOpen else {
            return self.start(for: consumer)
        }
        channel.link.look(at: consumer.watchedQueue).assumeIsolated().whenComplete { [weak self] result in
            guard let self, let consumer = self.consumer else { return }
            if let sight = Self.sight(result) {
                let finding = self.watch.looked(sight, isClassic: consumer.isQueueClassic)
                if finding != .nothing { consumer.consumeAnew(insteadOf: channel, finding) }
            }
            if channel.link.isOpen { self.start(for: consumer) }
        }
    }

    /// `nil` where the broker did not answer.
    private static func sight(_ result: Result<ServerMethod.QueueDeclareOK, any Error>) -> QueueWatch.Sight? {
        switch result {
        case .success(let found):
            QueueWatch.Sight(readyCount: Int(found.messageCount), consumerCount: Int(found.consumerCount))
        case .failure(let error): error.replyCode == .notFound ? .nothing : nil
        }
    }
}

extension AMQPLink {
    /// What is in a queue, and who consumes.
    func look(at queue: AMQPQueueDeclaration) -> EventLoopFuture<ServerMethod.QueueDeclareOK> {
        self.openChannel().flatMap { channel in
            channel.request(.queueDeclare(queue, passive: true), expecting: .queueDeclareOK).flatMap { reply in
                guard case .method(.queueDeclareOK(let found)) = reply else {
                    return self.eventLoop.makeFailedFuture(
                        AMQPError(.protocolViolation, "a queue that was asked for was not described"))
                }
                return channel.close().map { found }
            }
        }
    }
}
