package import AMQP
package import LambdaMessages
package import Logging
package import NIOCore

/// Announces a daemon to whoever listens at the exchange for announcements (design 5).
///
/// Nothing depends on it: where the broker forbids it, that is one line in the log, and it is tried again now and then.
// @unchecked: every member is used on the connection's loop only (asserted by the channels).
package final class FunctionAnnouncer: AMQPRecoverable, @unchecked Sendable {
    /// Asks for the daemon's present state.
    package typealias Look = () -> FunctionAnnouncement

    private let connection: AMQPConnection
    private let logger: Logger
    private let look: Look
    private var schedule = AnnouncementSchedule()
    private var channel: AMQPLinkChannel?
    private var isLeaving = false
    private var hasComplained = false
    private var isRetryScheduled = false

    /// - Parameters:
    ///   - connection: What is announced on.
    ///   - logger: For what the broker forbids.
    ///   - look: What to announce.
    package init(connection: AMQPConnection, logger: Logger, look: @escaping Look) {
        self.connection = connection
        self.logger = logger
        self.look = look
    }

    /// Announces on this link and on every later one. Call on the connection's loop.
    package func start() -> EventLoopFuture<Void> {
        self.connection.register(self)
    }

    /// Says goodbye: nothing new is taken from now on.
    package func leave() {
        self.connection.eventLoop.assertInEventLoop()
        guard !self.isLeaving else { return }
        self.isLeaving = true
        self.publish()
    }

    /// Completes at once: nobody waits for announcements.
    package func linkOpened(_ link: AMQPLink) -> EventLoopFuture<Void> {
        self.setUp(on: link)
        return link.eventLoop.makeSucceededVoidFuture()
    }

    private func setUp(on link: AMQPLink) {
        FunctionAnnouncement.ensureExchange(on: link).flatMap { link.openChannel() }.assumeIsolated().whenComplete {
            switch $0 {
            case .failure(let error): self.refused(error, on: link)
            case .success(let channel): self.begin(on: channel)
            }
        }
    }

    package func linkLost(_ error: AMQPError) {
        self.channel = nil
    }

    package func connectionClosed(_ error: AMQPError) {
        self.channel = nil
    }

    private func begin(on channel: AMQPLinkChannel) {
        guard channel.isOpen, self.connection.link === channel.link else { return }
        self.channel = channel
        channel.onClosed = { error in
            guard self.channel === channel else { return }
            self.channel = nil
            self.refused(error, on: channel.link)
        }
        self.schedule.forget()
        self.tick(on: channel)
    }

    private func tick(on channel: AMQPLinkChannel) {
        guard self.channel === channel, !self.isLeaving else { return }
        let announcement = self.look()
        if self.schedule.isDue(isFull: announcement.freeSlots == 0, now: .now()) { self.publish() }
        self.connection.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { [weak self] in
            self?.tick(on: channel)
        }
    }

    private func publish() {
        // Where the broker takes nothing now, the next announcement will do.
        guard let channel = self.channel, channel.isOpen, channel.link.takesPublishes else { return }
        var announcement = self.look()
        announcement.isLeaving = self.isLeaving
        do {
            try channel.publish(
                exchange: AMQPShortString(FunctionAnnouncement.exchange), routingKey: .empty, isMandatory: false,
                properties: FunctionAnnouncement.properties, body: announcement.body)
        } catch {
            self.refused(error, on: channel.link)
        }
    }

    private func refused(_ error: any Error, on link: AMQPLink) {
        guard link.isOpen else { return }
        self.tryAgain(on: link)
        guard !self.hasComplained else { return }
        self.hasComplained = true
        self.logger.warning(
            "The function cannot be announced, and is missing in lists of functions; everything else works",
            metadata: ["exchange": "\(FunctionAnnouncement.exchange)", "error": "\(error)"])
    }

    /// Somebody may have given the right to it, or deleted the exchange.
    private func tryAgain(on link: AMQPLink) {
        guard !self.isRetryScheduled else { return }
        self.isRetryScheduled = true
        self.connection.eventLoop.assumeIsolated().scheduleTask(in: .seconds(30)) { [weak self] in
            guard let self else { return }
            self.isRetryScheduled = false
            guard link.isOpen, self.connection.link === link, self.channel == nil, !self.isLeaving else { return }
            self.setUp(on: link)
        }
    }
}
