import AMQP
import NIOCore

/// An event on its way to the broker. Whatever comes first ends the wait for it: the confirm, the time-out, or the
/// caller's cancellation; after the latter two nothing of the event waits to be published.
///
/// It costs one hop to the loop and one back.
final class EventPublish: @unchecked Sendable {
    // @unchecked: every stored `var` is used on the connection's loop only.
    private typealias Outcome = Result<Void, AMQPError>

    private let publishing: AMQPPublishing
    private var continuation: CheckedContinuation<Outcome, Never>?
    /// Set at the end, which a cancellation may bring before the start.
    private var outcome: Outcome?
    /// The message and its confirm, once there is a channel.
    private var batch: ConfirmedBatch?
    private var timer: Scheduled<Void>?

    init(_ message: AMQPMessage, to queue: String) {
        self.publishing = AMQPPublishing(message, routingKey: AMQPShortString(queue))
    }

    /// Publishes the event; call it once, from any task.
    ///
    /// - Throws: As `publishConfirmed`; `timedOut`.
    func run(on channel: ConfirmingChannel, until deadline: ContinuousClock.Instant) async throws(AMQPError) {
        try await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                channel.eventLoop.execute { self.start(on: channel, until: deadline, continuation) }
            }
        } onCancel: {
            channel.eventLoop.execute {
                self.abandon(AMQPError(.cancelled, "the task was cancelled before the broker had confirmed the event"))
            }
        }.get()
    }

    private func start(
        on channel: ConfirmingChannel, until deadline: ContinuousClock.Instant,
        _ continuation: CheckedContinuation<Outcome, Never>
    ) {
        if let outcome = self.outcome { return continuation.resume(returning: outcome) }
        self.continuation = continuation
        self.timer = channel.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(deadline - .now)) {
            self.abandon(AMQPError(.timedOut, "the broker did not confirm the event in time"))
        }
        channel.channel { result in
            guard self.outcome == nil else { return }
            switch result {
            case .success(let channel): self.publish(on: channel)
            case .failure(let error): self.end(.failure(error))
            }
        }
    }

    private func publish(on channel: AMQPChannel) {
        let batch = ConfirmedBatch([self.publishing], on: channel)
        self.batch = batch
        batch.start { failures in
            self.end(failures.first.map { .failure($0.error) } ?? .success(()))
        }
    }

    /// Nobody waits any more; the batch knows whether the broker may have the event.
    private func abandon(_ error: AMQPError) {
        if let batch = self.batch { batch.abandon(error) } else { self.end(.failure(error.ofUnsentCall)) }
    }

    private func end(_ outcome: Outcome) {
        guard self.outcome == nil else { return }
        self.outcome = outcome
        self.timer?.cancel()
        (self.timer, self.batch) = (nil, nil)
        self.continuation.take()?.resume(returning: outcome)
    }
}
