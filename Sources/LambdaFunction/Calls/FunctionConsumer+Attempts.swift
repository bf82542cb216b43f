import AMQP
import LambdaAMQP
import LambdaProtocol
import Logging
import NIOCore

// Calls that were delivered again: each is counted before it runs, so that one that its daemons die of ends.
extension FunctionConsumer {
    /// How often a queue that is full is asked to take a call once more, before the caller is told.
    private static let maxPublishes = 4

    /// Whether a redelivered call may run now; otherwise it is seen to.
    func mayRun(_ message: InvocationMessage, _ delivery: AMQPDelivery, on channel: AMQPLinkChannel) -> Bool {
        let arrival = self.attempts.arrived(
            attempt: message.attempt, isRedelivered: delivery.isRedelivered,
            isBounded: message.request.startDeadline != nil)
        switch arrival {
        case .run: return true
        case .giveUp(let attempts):
            self.logger.error(
                "A call is given up: its daemon was lost each time",
                metadata: ["requestId": "\(message.request.requestID)", "attempts": "\(attempts)"])
            self.refuse(message, delivery, .lostTooOften(attempts), on: channel)
        case .count(let attempt):
            self.logger.notice(
                "A call was delivered again, and is counted before it runs",
                metadata: ["requestId": "\(message.request.requestID)", "attempts": "\(attempt)"])
            self.whenPublisherIsReady { self.count(attempt, message, delivery, on: channel) }
        }
        return false
    }

    private func refuse(
        _ message: InvocationMessage, _ delivery: AMQPDelivery, _ error: InvokeError, on channel: AMQPLinkChannel
    ) {
        self.meter?.counts.refused(error)
        self.finish(delivery, .refused(error), requestID: message.request.requestID, on: channel)
    }

    /// Opens the channel for confirmed messages with the first that needs it.
    private func whenPublisherIsReady(_ body: @escaping () -> Void) {
        let started = self.startedPublisher ?? self.publisher.start()
        self.startedPublisher = started
        started.assumeIsolated().whenComplete { _ in body() }
    }

    private func count(
        _ attempt: Int, _ message: InvocationMessage, _ delivery: AMQPDelivery, publishes: Int = 1,
        on channel: AMQPLinkChannel
    ) {
        self.publisher.publish(
            routingKey: AMQPShortString(self.configuration.queueName),
            properties: delivery.properties.republished(attempt: attempt), body: delivery.body
        ) { result in
            switch result {
            case .success(.confirmed): self.settle(delivery, on: channel)
            // The queue was deleted: nobody else will ever get the message.
            case .success(.returned): self.run(message, delivery, on: channel)
            case .success(.nacked) where publishes < Self.maxPublishes && channel.isOpen:
                let pause = RecoveryStateMachine.backoff(publishes, jitter: .random(in: 0...1))
                self.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(pause)) {
                    self.count(attempt, message, delivery, publishes: publishes + 1, on: channel)
                }
            // Without its channel the delivery is the broker's again.
            case .success(.nacked), .failure:
                guard channel.isOpen else { return self.settle(delivery, on: channel) }
                // It can neither run uncounted nor wait for ever: if all daemons did, the queue would stay full.
                self.refuse(message, delivery, .cannotBeCounted, on: channel)
            }
        }
    }
}

extension InvokeError {
    fileprivate static func lostTooOften(_ attempts: Int) -> InvokeError {
        InvokeError(.service, "The daemon that had the invocation was lost, \(attempts) times in a row.")
    }

    fileprivate static let cannotBeCounted = InvokeError(
        .noAnswer, "The daemon that had the invocation was lost, and its queue takes it no second time.")
}
