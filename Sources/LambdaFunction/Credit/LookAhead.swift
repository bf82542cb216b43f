import AMQP
import Logging
import NIOCore

/// What a daemon holds beyond what it runs: when it takes more than it can run, and what it gives back.
///
/// Only translates; ``CreditPolicy`` decides, and the consumer whose part this is consumes accordingly.
// @unchecked: every member is used on the connection's loop only (asserted by the channel).
final class LookAhead: @unchecked Sendable {
    let limits: CreditPolicy.Limits
    private let invoker: any CallInvoker
    private let logger: Logger
    private let meter: FunctionMeter?
    private var policy: CreditPolicy
    /// `nil` while nothing may be given back.
    private var channel: AMQPLinkChannel?
    /// The newest message.
    private var newest: UInt64 = 0
    /// When it is looked next; `nil` while no message and no reply waits.
    private var nextCheck: NIODeadline?
    /// Checks in a row that came late themselves.
    private var lateChecks = 0
    private var replies: ReplyBatch

    /// ``isLookingAhead`` has changed; ``consumesExactly()`` is wanted once the other consumer is gone.
    var onChange: (() -> Void)?
    /// These messages were given back.
    var onHandedBack: (([UInt64], AMQPLinkChannel) -> Void)?

    init(_ limits: CreditPolicy.Limits, invoker: any CallInvoker, logger: Logger, meter: FunctionMeter?) {
        self.limits = limits
        self.invoker = invoker
        self.logger = logger
        self.meter = meter
        self.policy = CreditPolicy(limits: limits)
        self.replies = ReplyBatch(slots: limits.slots)
    }

    /// Whether to take more messages than can run.
    var isLookingAhead: Bool { self.policy.isLookingAhead }

    /// The queue is consumed, and takes back what it is given.
    func begin(on channel: AMQPLinkChannel) {
        if self.channel === channel { return }
        self.end()
        self.channel = channel
        self.newest = 0
    }

    /// The channel is gone.
    func channelLost() {
        self.end()
        self.policy.lost()
    }

    /// Nothing is given back any more.
    func end() {
        self.sendReplies()
        self.channel = nil
        self.nextCheck = nil
    }

    /// The broker has agreed to the end of the consumer that looked ahead.
    func consumesExactly() {
        self.carryOut(self.policy.stopped())
    }

    /// A message has come.
    func delivered(_ deliveryTag: UInt64) {
        self.newest = deliveryTag
        // Often enough to notice, seldom enough to cost nothing.
        if deliveryTag % 64 == 0, self.channel != nil { self.carryOut(self.policy.measured(self.invoker.takePace())) }
    }

    /// A message waits for a slot.
    func messageWaits() {
        guard self.nextCheck == nil, let channel = self.channel else { return }
        self.check(on: channel)
    }
}

// MARK: - Replies that leave together

extension LookAhead {
    /// Sends a reply: at the end of the loop's turn, or with those of the invocations behind it.
    ///
    /// A reply waits no longer than until the next check, which is at most ``CreditPolicy/Limits/checkInterval`` away.
    func sendReply(on channel: AMQPLinkChannel, _ send: () -> Void) {
        guard self.isLookingAhead, self.channel === channel else { return send() }
        guard self.replies.add(at: .now(), anotherFollows: self.invoker.oldestSurplusCall != nil) else { return send() }
        channel.link.withoutFlush(send)
        self.messageWaits()
    }

    private func sendReplies() {
        guard self.replies.count > 0, let channel = self.channel else { return }
        self.replies.sent()
        channel.link.scheduleFlush()
    }
}

// MARK: - Doing it

extension LookAhead {
    private func carryOut(_ action: CreditPolicy.Action) {
        guard let channel = self.channel, channel.isOpen else { return }
        switch action {
        case .none: break
        case .lookAhead, .stopLookingAhead:
            self.logger.debug(action == .lookAhead ? "Looking ahead" : "Looking ahead no longer")
            self.onChange?()
        case .handBack: self.handBack(on: channel)
        }
    }

    private func handBack(on channel: AMQPLinkChannel) {
        let tags = self.invoker.takeBackCalls(.surplus)
        Self.handBack(tags, on: channel, logger: self.logger)
        self.meter?.counts.handBacks += tags.count
        self.onHandedBack?(tags, channel)
    }

    /// Gives messages back, for whoever has a slot.
    static func handBack(_ deliveryTags: [UInt64], on channel: AMQPLinkChannel, logger: Logger) {
        do {
            for deliveryTag in deliveryTags { try channel.nack(deliveryTag, requeue: true) }
        } catch {
            // Then the channel is closed, and the broker has them back.
            logger.debug("Messages were not given back", metadata: ["error": "\(error)"])
        }
    }

    private func check(on channel: AMQPLinkChannel) {
        let interval = self.limits.checkInterval
        let next = NIODeadline.now() + interval
        self.nextCheck = next
        channel.eventLoop.assumeIsolated().scheduleTask(deadline: next) {
            guard self.channel === channel, self.nextCheck == next else { return }
            self.sendReplies()
            let oldest = self.invoker.oldestSurplusCall
            // Where this loop had no time, nothing of what it looks at is sure; but it may never have time.
            let isLate = NIODeadline.now() - next > interval
            self.lateChecks = isLate ? self.lateChecks + 1 : 0
            let isReliable = !isLate || self.lateChecks > 2
            self.carryOut(self.policy.checked(oldest: oldest, newest: self.newest, isReliable: isReliable))
            if oldest == nil {
                self.nextCheck = nil
            } else {
                self.check(on: channel)
            }
        }
    }
}
