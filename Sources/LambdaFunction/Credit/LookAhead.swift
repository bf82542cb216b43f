import AMQP
import Logging
import NIOCore

/// The messages that a daemon holds beyond those that it runs: a second consumer while that is worth it, and what is
/// given back.
///
/// Only translates; ``CreditPolicy`` decides.
///
/// The second consumer shares the channel of the first, so that an acknowledgement does not have to know whose message it
/// is about. Its priority is lower: the broker gives it messages only while no daemon has a free slot for them.
// @unchecked: every member is used on the connection's loop only (asserted by the channel).
final class LookAhead: @unchecked Sendable {
    /// What to consume, and how.
    struct Consumption {
        var queueName: String
        var limits: CreditPolicy.Limits
        /// The first consumer's.
        var priority: Int32
    }

    private static let tag: AMQPShortString = "look-ahead"

    private let consumption: Consumption
    private let invoker: any CallInvoker
    private let logger: Logger
    private let meter: FunctionMeter?
    private var policy: CreditPolicy
    /// `nil` while nothing may be given back.
    private var channel: AMQPLinkChannel?
    private(set) var isConsuming = false
    private var cancelled: EventLoopFuture<Void>?
    /// The newest message.
    private var newest: UInt64 = 0
    /// When it is looked next; `nil` while nothing waits.
    private var nextCheck: NIODeadline?
    /// Checks in a row that came late themselves.
    private var lateChecks = 0

    /// A message of the second consumer.
    var onDelivery: ((AMQPDelivery, AMQPLinkChannel) -> Void)?
    /// These messages were given back.
    var onHandedBack: (([UInt64], AMQPLinkChannel) -> Void)?

    init(_ consumption: Consumption, invoker: any CallInvoker, logger: Logger, meter: FunctionMeter?) {
        self.consumption = consumption
        self.invoker = invoker
        self.logger = logger
        self.meter = meter
        self.policy = CreditPolicy(limits: consumption.limits)
    }

    /// The first consumer is there, on a queue where messages may be given back.
    func begin(on channel: AMQPLinkChannel) {
        if self.channel === channel { return }
        self.channel = channel
        self.newest = 0
    }

    /// The channel is gone, and the second consumer with it.
    func channelLost() {
        self.channel = nil
        self.isConsuming = false
        self.cancelled = nil
        self.nextCheck = nil
        self.policy.lost()
    }

    /// Ends the second consumer; completes when the broker has agreed. Nothing is given back after this.
    func end() -> EventLoopFuture<Void>? {
        defer {
            self.channel = nil
            self.nextCheck = nil
        }
        if let cancelled = self.cancelled { return cancelled }
        guard self.isConsuming, let channel = self.channel else { return nil }
        // Where the consumer is being started, its start is answered first.
        return channel.cancel(Self.tag)
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

// MARK: - Doing it

extension LookAhead {
    private func carryOut(_ action: CreditPolicy.Action) {
        guard let channel = self.channel, channel.isOpen else { return }
        switch action {
        case .none: break
        case .lookAhead: self.consume(on: channel)
        case .stopLookingAhead: self.cancel(on: channel)
        case .handBack: self.handBack(on: channel)
        }
    }

    private func consume(on channel: AMQPLinkChannel) {
        self.logger.debug("Looking ahead", metadata: ["queue": "\(self.consumption.queueName)"])
        self.isConsuming = true
        let prefetch = UInt16(clamping: self.consumption.limits.lookAhead)
        // For the consumers that begin after it. A refusal closes the channel, which its owner hears of.
        channel.request(.basicQos(prefetchCount: prefetch, isGlobal: false), expecting: .qosOK).whenComplete { _ in }
        let consumption = AMQPConsumption(
            queue: self.consumption.queueName, consumerTag: Self.tag,
            arguments: ["x-priority": .int32(self.consumption.priority - 1)])
        channel.consume(
            consumption, deliver: { self.onDelivery?($0, channel) }, cancelled: { self.ended(on: channel) }
        ).assumeIsolated().whenFailure { _ in self.ended(on: channel) }
    }

    /// The broker has ended it: the queue was deleted, or has moved.
    private func ended(on channel: AMQPLinkChannel) {
        guard self.channel === channel else { return }
        self.isConsuming = false
        self.policy.lost()
    }

    private func cancel(on channel: AMQPLinkChannel) {
        self.logger.debug("Looking ahead no longer", metadata: ["queue": "\(self.consumption.queueName)"])
        let cancelled = channel.cancel(Self.tag)
        self.cancelled = cancelled
        cancelled.assumeIsolated().whenComplete { result in
            guard self.channel === channel, case .success = result else { return }
            self.cancelled = nil
            self.isConsuming = false
            self.carryOut(self.policy.stopped())
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
        let interval = self.consumption.limits.checkInterval
        let next = NIODeadline.now() + interval
        self.nextCheck = next
        channel.eventLoop.assumeIsolated().scheduleTask(deadline: next) {
            guard self.channel === channel, self.nextCheck == next else { return }
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
