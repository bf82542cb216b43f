package import AMQP
import Logging
package import NIOCore

/// Publishes messages that must not be lost: mandatory, on a channel of its own, each with the broker's confirm.
///
/// A publish ends in exactly one of: the broker's word for it; an error, after which nobody knows.
// @unchecked: every member is used on the connection's loop only (asserted).
package final class EventPublisher: AMQPRecoverable, @unchecked Sendable {
    typealias Completion = (Result<PublishOutcome, AMQPError>) -> Void

    private let connection: AMQPConnection
    private let timeout: TimeAmount
    private let limit: Int
    private var channel: AMQPLinkChannel?
    private var absence = AMQPError(.connectionFailed, "not connected to the broker yet")
    private var failedSetUps = 0
    private var unconfirmedCount = 0

    /// - Parameters:
    ///   - connection: The connection, where this is to be registered.
    ///   - timeout: How long the broker may take for a confirm.
    ///   - limit: How many messages may wait for theirs.
    init(connection: AMQPConnection, timeout: TimeAmount, limit: Int) {
        self.connection = connection
        self.timeout = timeout
        self.limit = limit
    }

    /// Whether there is a channel to publish on.
    var isReady: Bool { self.channel != nil }

    /// Publishes a message to a queue.
    ///
    /// - Parameters:
    ///   - properties: With what the consumer needs.
    ///   - body: The message's.
    ///   - queue: Its name.
    ///   - completion: Called exactly once, on the loop.
    func publish(
        _ properties: AMQPProperties, _ body: ByteBuffer, to queue: AMQPShortString, completion: @escaping Completion
    ) {
        self.connection.eventLoop.assertInEventLoop()
        guard let channel = self.channel else { return completion(.failure(self.absence)) }
        if let reason = channel.link.blockedReason {
            return completion(.failure(AMQPError(.blocked, "the broker takes no messages now: \(reason)")))
        }
        guard self.unconfirmedCount < self.limit, channel.link.isWritable else {
            return completion(
                .failure(AMQPError(.resourceRefused, "the broker does not keep up: too many events wait for it")))
        }
        let wait = Wait(completion)
        do {
            try channel.publish(
                exchange: .empty, routingKey: queue, isMandatory: true, properties: properties, body: body,
                confirm: { result in self.settled(wait, result) })
        } catch {
            return completion(.failure(error))
        }
        self.unconfirmedCount += 1
        wait.timer = self.connection.eventLoop.assumeIsolated().scheduleTask(in: self.timeout) {
            // The confirm itself is still to come, and is counted then.
            wait.complete(.failure(AMQPError(.timedOut, "the broker did not confirm the event in time")))
        }
    }

    private func settled(_ wait: Wait, _ result: Result<PublishOutcome, AMQPError>) {
        self.unconfirmedCount -= 1
        wait.timer?.cancel()
        wait.complete(result)
    }
}

/// A publisher who waits for a confirm, or for the time-out.
private final class Wait {
    var timer: Scheduled<Void>?
    private var completion: EventPublisher.Completion?

    init(_ completion: @escaping EventPublisher.Completion) {
        self.completion = completion
    }

    func complete(_ result: Result<PublishOutcome, AMQPError>) {
        let completion = self.completion
        self.completion = nil
        completion?(result)
    }
}

// MARK: - The channel, on each new link

extension EventPublisher {
    package func linkOpened(_ link: AMQPLink) -> EventLoopFuture<Void> {
        self.setUp(on: link).flatMapErrorThrowing { self.setUpFailed($0, on: link) }
    }

    package func linkLost(_ error: AMQPError) {
        self.channelLost(error)
    }

    package func connectionClosed(_ error: AMQPError) {
        self.channelLost(error)
    }

    private func channelLost(_ error: AMQPError) {
        self.channel = nil
        self.absence = AMQPError(.connectionFailed, "not connected to the broker: \(error)", underlying: error)
    }

    private func setUp(on link: AMQPLink) -> EventLoopFuture<Void> {
        link.openChannel().flatMap { channel in
            channel.onClosed = { error in self.channelClosed(channel, error) }
            return channel.selectConfirms().map {
                guard channel.isOpen else { return }
                self.channel = channel
                self.failedSetUps = 0
            }
        }
    }

    /// The user may not write to the default exchange, for one.
    private func channelClosed(_ channel: AMQPLinkChannel, _ error: AMQPError) {
        guard self.channel === channel, channel.link.isOpen else { return }
        self.channelLost(error)
        self.setUpFailed(error, on: channel.link)
    }

    private func setUpFailed(_ error: any Error, on link: AMQPLink) {
        self.connection.logger.warning("No channel for events", metadata: ["error": "\(error)"])
        self.failedSetUps += 1
        let pause = RecoveryStateMachine.backoff(self.failedSetUps, jitter: .random(in: 0...1))
        self.connection.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(pause)) {
            guard link.isOpen, self.connection.link === link, self.channel == nil else { return }
            self.setUp(on: link).assumeIsolated().whenFailure { self.setUpFailed($0, on: link) }
        }
    }
}
