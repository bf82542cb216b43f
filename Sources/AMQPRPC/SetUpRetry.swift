import AMQP
import NIOCore

extension EventLoopFuture where Value: Sendable {
    /// Closes a channel whose set-up failed for a reason of ours, as the broker has not.
    func closing(_ channel: AMQPLinkChannel) -> EventLoopFuture<Value> {
        self.flatMapErrorThrowing { error in
            if channel.isOpen { channel.close().whenComplete { _ in } }
            throw error
        }
    }
}

/// Sets up again after a pause what a broker refused or took away, while its link stands.
///
/// Loop-bound.
struct SetUpRetry {
    private var failureCount = 0

    /// The next failure starts with the short pause again.
    mutating func succeeded() {
        self.failureCount = 0
    }

    /// Runs `action` after 0.1 s growing to 2 s, with jitter.
    mutating func schedule(on eventLoop: any EventLoop, _ action: @escaping () -> Void) {
        self.failureCount += 1
        let pause = RecoveryStateMachine.backoff(self.failureCount, jitter: .random(in: 0...1))
        eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(pause)) { action() }
    }
}
