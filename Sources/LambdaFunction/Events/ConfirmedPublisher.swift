import AMQP
import Logging
import NIOCore

/// A channel on which every publish is confirmed, on this link and on every later one.
// @unchecked: every member is used on the connection's loop only (asserted by the channel).
final class ConfirmedPublisher: @unchecked Sendable {
    private let connection: AMQPConnection
    private let logger: Logger
    private var channel: AMQPLinkChannel?
    private var failedSetUps = 0

    init(connection: AMQPConnection, logger: Logger) {
        self.connection = connection
        self.logger = logger
    }

    func start() -> EventLoopFuture<Void> {
        self.connection.register(self)
    }

    /// The link that publishes leave by; `nil` while there is none.
    var link: AMQPLink? { self.channel?.link }

    /// Publishes a persistent message, as mandatory.
    ///
    /// - Parameter completion: Called exactly once. A failure leaves it open whether the broker has the message.
    func publish(
        exchange: AMQPShortString = .empty, routingKey: AMQPShortString, properties: AMQPProperties, body: ByteBuffer,
        completion: @escaping (Result<PublishOutcome, AMQPError>) -> Void
    ) {
        guard let channel = self.channel, channel.isOpen else {
            return completion(.failure(AMQPError(.connectionLost, "there is no connection to the broker now")))
        }
        do {
            try channel.publish(
                exchange: exchange, routingKey: routingKey, isMandatory: true, properties: properties, body: body,
                confirm: completion)
        } catch {
            completion(.failure(error))
        }
    }
}

extension ConfirmedPublisher: AMQPRecoverable {
    func linkOpened(_ link: AMQPLink) -> EventLoopFuture<Void> {
        self.setUp(on: link).flatMapErrorThrowing { error in self.setUpAgain(on: link, error) }
    }

    func linkLost(_ error: AMQPError) {
        self.channel = nil
    }

    func connectionClosed(_ error: AMQPError) {
        self.channel = nil
    }

    private func setUp(on link: AMQPLink) -> EventLoopFuture<Void> {
        link.openChannel().flatMap { channel in
            channel.onClosed = { error in
                guard self.channel === channel, link.isOpen else { return }
                self.channel = nil
                self.setUpAgain(on: link, error)
            }
            return channel.selectConfirms().map {
                self.channel = channel
                self.failedSetUps = 0
            }
        }
    }

    private func setUpAgain(on link: AMQPLink, _ error: any Error) {
        guard link.isOpen else { return }
        self.logger.warning("The channel for confirmed messages was closed", metadata: ["error": "\(error)"])
        self.failedSetUps += 1
        let pause = RecoveryStateMachine.backoff(self.failedSetUps, jitter: .random(in: 0...1))
        link.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(pause)) {
            guard link.isOpen, self.channel == nil else { return }
            self.setUp(on: link).assumeIsolated().whenFailure { self.setUpAgain(on: link, $0) }
        }
    }
}
