import AMQP
import LambdaProtocol
import Logging
import NIOCore

/// Sends what follows from events, and does not rest before the broker has confirmed it.
///
/// What it holds is bounded by its users: one message for each event that was delivered and not acknowledged.
// @unchecked: every member is used on the connection's loop only (asserted by the channels).
final class EventOutbox: @unchecked Sendable {
    /// Where a message goes.
    enum Address {
        case queue(EventQueue)
        case destination(EventDestination)
    }

    /// What became of a message.
    enum Outcome {
        case confirmed
        /// There is no such queue or exchange, and none can be made.
        case unroutable
        /// It was given up.
        case abandoned
    }

    fileprivate struct Parcel {
        let address: Address
        var properties: AMQPProperties
        let body: ByteBuffer
        /// Keeps at it through lost connections; otherwise such a loss is the end.
        let isPersistent: Bool
        let completion: (Outcome) -> Void
        var failures = 0
    }

    let queues: EventQueues
    private let publisher: ConfirmedPublisher
    /// Apart, since an exchange that does not exist closes its channel.
    private let destinations: ConfirmedPublisher
    private let eventLoop: any EventLoop
    private let logger: Logger
    /// Nothing that has failed is tried again: the broker has the events, and delivers them to others.
    var isEnding = false

    init(queues: EventQueues, connection: AMQPConnection, logger: Logger) {
        self.queues = queues
        self.publisher = ConfirmedPublisher(connection: connection, logger: logger)
        self.destinations = ConfirmedPublisher(connection: connection, logger: logger)
        self.eventLoop = connection.eventLoop
        self.logger = logger
    }

    /// Opens the channels with each link.
    func start(hasDestinations: Bool) -> EventLoopFuture<Void> {
        let started = self.publisher.start()
        return hasDestinations ? started.flatMap { self.destinations.start() } : started
    }

    /// Whether a message would leave at once.
    var takesMessages: Bool { self.publisher.link?.takesPublishes == true }

    /// Sends a message.
    ///
    /// - Parameters:
    ///   - address: Where to.
    ///   - properties: With a request id in `message_id`.
    ///   - body: The event or the record.
    ///   - isPersistent: Whether to try again after a lost connection.
    ///   - completion: Called exactly once.
    func send(
        to address: Address, _ properties: AMQPProperties, _ body: ByteBuffer, isPersistent: Bool = true,
        completion: @escaping (Outcome) -> Void
    ) {
        self.eventLoop.assertInEventLoop()
        self.send(
            Parcel(
                address: address, properties: properties, body: body, isPersistent: isPersistent,
                completion: completion))
    }

    private func send(_ parcel: Parcel) {
        switch parcel.address {
        case .queue(let queue): self.send(parcel, to: queue)
        case .destination(let destination): self.send(parcel, to: destination)
        }
    }

    private func again(_ parcel: Parcel, _ reason: String) {
        guard !self.isEnding else { return parcel.completion(.abandoned) }
        var parcel = parcel
        parcel.failures += 1
        if parcel.failures == 1 {
            self.logger.warning(
                "An event could not be passed on; it is tried again",
                metadata: ["requestId": "\(parcel.requestID)", "reason": "\(reason)"])
        }
        let pause = RecoveryStateMachine.backoff(parcel.failures, jitter: .random(in: 0...1))
        self.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(pause)) { [parcel] in self.send(parcel) }
    }
}

// MARK: - To a queue of the function

extension EventOutbox {
    private func send(_ parcel: Parcel, to queue: EventQueue) {
        guard let link = self.publisher.link else { return self.failed(parcel, "there is no connection") }
        self.queues.ensure(queue, on: link).assumeIsolated().whenComplete { result in
            switch result {
            case .success: self.publish(parcel, to: queue)
            case .failure(let error) where link.isOpen && !parcel.isPersistent:
                self.logger.warning("There is no queue for events", metadata: ["error": "\(error)"])
                parcel.completion(.unroutable)
            case .failure(let error): self.failed(parcel, "\(error)")
            }
        }
    }

    private func publish(_ parcel: Parcel, to queue: EventQueue) {
        self.publisher.publish(
            routingKey: self.queues.name(of: queue), properties: parcel.properties, body: parcel.body
        ) { result in
            switch result {
            case .success(.confirmed): parcel.completion(.confirmed)
            case .success(.nacked): self.again(parcel, "the broker did not take it")
            case .success(.returned(_, let text)):
                // Somebody has deleted the queue: it is made again.
                self.queues.forget(queue)
                self.again(parcel, text)
            case .failure(let error) where error.code == .invalidArgument && parcel.hasForeignHeaders:
                self.publish(parcel.withoutForeignHeaders, to: queue)
            case .failure(let error): self.failed(parcel, "\(error)")
            }
        }
    }

    private func failed(_ parcel: Parcel, _ reason: String) {
        parcel.isPersistent ? self.again(parcel, reason) : parcel.completion(.abandoned)
    }
}

// MARK: - To a destination of the user's

extension EventOutbox {
    private func send(_ parcel: Parcel, to destination: EventDestination) {
        let link = self.destinations.link
        self.destinations.publish(
            exchange: AMQPShortString(destination.exchange), routingKey: AMQPShortString(destination.routingKey),
            properties: parcel.properties, body: parcel.body
        ) { result in
            switch result {
            case .success(.confirmed): parcel.completion(.confirmed)
            case .success(.nacked): self.again(parcel, "the broker did not take it")
            case .success(.returned(_, let text)): self.undeliverable(parcel, text)
            // The channel went, the connection did not: no such exchange, or no right to it.
            case .failure(let error) where link?.isOpen == true: self.undeliverable(parcel, "\(error)")
            case .failure(let error): self.again(parcel, "\(error)")
            }
        }
    }

    private func undeliverable(_ parcel: Parcel, _ reason: String) {
        self.logger.error(
            "The destination does not take the record of an event",
            metadata: ["requestId": "\(parcel.requestID)", "address": "\(parcel.address)", "reason": "\(reason)"])
        parcel.completion(.unroutable)
    }
}

extension EventOutbox.Parcel {
    fileprivate var requestID: String { self.properties.messageID?.string ?? "-" }

    private static let ours = "x-lambda-"

    /// Headers of the publisher's: with ours they may be more than fits into a frame.
    fileprivate var hasForeignHeaders: Bool {
        self.properties.headers?.entries.contains { !$0.key.lowercased().hasPrefix(Self.ours) } == true
    }

    fileprivate var withoutForeignHeaders: Self {
        var parcel = self
        parcel.properties.headers?.entries.removeAll { !$0.key.lowercased().hasPrefix(Self.ours) }
        return parcel
    }
}
