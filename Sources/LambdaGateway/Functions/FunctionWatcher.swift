package import AMQP
import LambdaMessages
import LambdaInvokeAPI
package import LambdaProtocol
package import Logging
package import NIOCore

/// Listens to what daemons announce of their functions.
///
/// Nothing depends on it: where the broker forbids it, that is one line in the log, and no function is listed.
// @unchecked: every member is used on the connection's loop only (asserted by the channels).
package final class FunctionWatcher: AMQPRecoverable, FunctionCatalog, @unchecked Sendable {
    private let connection: AMQPConnection
    private let logger: Logger
    private var directory = FunctionDirectory()
    private var hasComplained = false
    private var isRetryScheduled = false

    /// - Parameters:
    ///   - connection: What is listened on.
    ///   - logger: For what the broker forbids.
    package init(connection: AMQPConnection, logger: Logger) {
        self.connection = connection
        self.logger = logger
    }

    /// Listens on this link and on every later one. Call on the connection's loop.
    package func start() -> EventLoopFuture<Void> {
        self.connection.register(self)
    }

    package func functions() -> EventLoopFuture<[FunctionSummary]> {
        self.connection.eventLoop.submit { self.directory.functions(now: .now()) }
    }

    /// Completes at once: nobody waits for announcements.
    package func linkOpened(_ link: AMQPLink) -> EventLoopFuture<Void> {
        self.listen(on: link)
        return link.eventLoop.makeSucceededVoidFuture()
    }

    package func linkLost(_ error: AMQPError) {}
    package func connectionClosed(_ error: AMQPError) {}

    private func listen(on link: AMQPLink) {
        FunctionAnnouncement.ensureExchange(on: link).flatMap { link.openChannel() }
            .flatMap { channel in self.consume(on: channel) }
            .assumeIsolated().whenComplete { result in
                switch result {
                case .success: self.hasComplained = false
                case .failure(let error): self.refused(error, on: link)
                }
            }
    }

    private func consume(on channel: AMQPLinkChannel) -> EventLoopFuture<Void> {
        channel.onClosed = { error in self.refused(error, on: channel.link) }
        return channel.request(.queueDeclare(Self.queue, passive: false), expecting: .queueDeclareOK)
            .flatMapThrowing { reply in
                guard case .method(.queueDeclareOK(let queue)) = reply else {
                    throw AMQPError(.protocolViolation, "the broker named no queue")
                }
                return queue.queue
            }
            .flatMap { queue in
                let binding = AMQPQueueBinding(queue: queue.string, exchange: FunctionAnnouncement.exchange)
                return channel.request(.queueBind(binding), expecting: .queueBindOK).map { _ in queue }
            }
            .flatMap { queue in
                channel.consume(
                    AMQPConsumption(queue: queue.string, noAck: true, isExclusive: true),
                    deliver: { self.received($0) },
                    cancelled: { self.cancelled(on: channel) })
            }.map { _ in }
    }

    /// Of this gateway alone, and bounded, should it not read: old announcements are worth nothing.
    private static var queue: AMQPQueueDeclaration {
        var queue = AMQPQueueDeclaration.serverNamedExclusive
        queue.arguments = ["x-message-ttl": 30_000, "x-max-length": 10_000]
        return queue
    }

    private func received(_ delivery: AMQPDelivery) {
        guard let announcement = FunctionAnnouncement.read(delivery.body) else { return }
        self.directory.heard(announcement, now: .now())
    }

    private func cancelled(on channel: AMQPLinkChannel) {
        self.refused(AMQPError(.consumerCancelled, "the queue was deleted"), on: channel.link)
        channel.close().whenComplete { _ in }
    }

    /// Tries again after a while as long as the link stands: somebody may have deleted queue or exchange.
    private func refused(_ error: any Error, on link: AMQPLink) {
        guard link.isOpen else { return }
        if !self.hasComplained {
            self.hasComplained = true
            self.logger.warning(
                "Functions cannot be listed, since their announcements cannot be heard; everything else works",
                metadata: ["exchange": "\(FunctionAnnouncement.exchange)", "error": "\(error)"])
        }
        guard !self.isRetryScheduled else { return }
        self.isRetryScheduled = true
        self.connection.eventLoop.assumeIsolated().scheduleTask(in: .seconds(30)) { [weak self] in
            guard let self else { return }
            self.isRetryScheduled = false
            guard link.isOpen, self.connection.link === link else { return }
            self.listen(on: link)
        }
    }
}
