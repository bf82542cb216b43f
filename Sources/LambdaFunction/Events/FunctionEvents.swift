package import AMQP
import LambdaProtocol
package import Logging
package import NIOCore

/// A function's events: taken over, kept by the broker, run, tried again, and recorded (design 5, contract 11).
// @unchecked: every member is used on the connections' loop only (asserted by its parts).
package final class FunctionEvents: @unchecked Sendable {
    /// Takes events over.
    package let acceptance: EventAcceptance
    private let outbox: EventOutbox
    private let consumer: EventConsumer
    private let hasDestinations: Bool

    /// Prepares everything; nothing is sent before ``start()``.
    ///
    /// - Parameters:
    ///   - configuration: Queues, retries, destinations.
    ///   - publishing: What events are published on: the connection of the calls.
    ///   - consuming: What they are consumed and acknowledged on, and nothing else.
    ///   - invoker: What runs them, on the same loop as both connections.
    ///   - logger: For what goes on.
    ///   - meter: Counts what becomes of events; `nil`: nothing is counted.
    package init(
        configuration: EventConfiguration, publishing: AMQPConnection, consuming: AMQPConnection,
        invoker: any EventInvoker, logger: Logger, meter: FunctionMeter? = nil
    ) {
        let queues = EventQueues(queueName: configuration.queueName, type: configuration.queueType, logger: logger)
        self.outbox = EventOutbox(queues: queues, connection: publishing, logger: logger)
        self.acceptance = EventAcceptance(
            outbox: self.outbox, eventLoop: publishing.eventLoop, timeout: configuration.acceptTimeout)
        self.consumer = EventConsumer(
            configuration: configuration, connection: consuming, outbox: self.outbox, invoker: invoker, logger: logger,
            meter: meter)
        self.hasDestinations = configuration.onSuccess != nil || configuration.onFailure != nil
    }

    /// Joins both connections. Call on their loop.
    package func start() -> EventLoopFuture<Void> {
        self.outbox.start(hasDestinations: self.hasDestinations).flatMap { self.consumer.start() }
    }

    /// Takes no further event, gives back what has not started, and completes when the rest is done.
    package func drain() -> EventLoopFuture<Void> {
        self.consumer.drain()
    }
}
