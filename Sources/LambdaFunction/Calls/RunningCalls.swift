package import AMQP
package import NIOCore

/// The calls that came from the queue and have not ended: to which delivery each belongs, and until when its caller waits.
///
/// Pure.
///
/// A run outlives the channel that delivered its message. The broker then delivers the message again, perhaps to this
/// daemon: that delivery joins the run, which is not begun a second time, and is what its reply acknowledges. A run
/// whose caller's time is over is answered then; what comes of it later is nobody's.
package struct RunningCalls<Channel> {
    /// What is acknowledged in the end.
    package struct Delivery {
        package let channel: Channel
        package let tag: UInt64

        package init(channel: Channel, tag: UInt64) {
            self.channel = channel
            self.tag = tag
        }
    }

    /// One call, from its delivery to its reply.
    package struct Call {
        package let requestID: String
        /// Of the message, for its address and its ids.
        package let properties: AMQPProperties
        /// The body of the message; whoever runs it has the same bytes.
        package let event: ByteBuffer
        /// When its caller no longer waits; `nil`: it did not say.
        package let deadline: NIODeadline?
        /// Another daemon had it before, and may have run it.
        package let mayHaveRun: Bool
        /// `nil` once its channel is gone.
        package internal(set) var delivery: Delivery?
        /// Its caller was told that there was no answer in time.
        package internal(set) var isAnswered = false
        /// Its message may come again, also while its channel stands.
        fileprivate var isOrphan = false

        package init(
            requestID: String, properties: AMQPProperties, event: ByteBuffer, deadline: NIODeadline?,
            mayHaveRun: Bool = false, delivery: Delivery
        ) {
            self.requestID = requestID
            self.properties = properties
            self.event = event
            self.deadline = deadline
            self.mayHaveRun = mayHaveRun
            self.delivery = delivery
        }
    }

    /// After its deadline a call that waits for an environment is refused first, since that says that it has not run.
    package static var grace: TimeAmount { .milliseconds(100) }

    private var slots: [Call?] = []
    private var free: [Int] = []
    /// Runs whose message may come again.
    private var orphans: [CallIdentity: [Int]] = [:]
    private var checkAt: NIODeadline?

    package init() {}

    /// How many have not ended.
    package var count: Int { self.slots.count - self.free.count }

    /// The deliveries of those that came through such a channel, but for what may come again as another delivery.
    package func deliveryTags(on isMeant: (Channel) -> Bool) -> [UInt64] {
        self.slots.compactMap { call in
            guard let call, !call.isOrphan, let delivery = call.delivery, isMeant(delivery.channel) else { return nil }
            return delivery.tag
        }
    }

    /// Whether a delivery may belong to a run that goes on already.
    package var hasOrphans: Bool { !self.orphans.isEmpty }

    /// A call is to be run.
    ///
    /// - Returns: Its number until it ends, and when to ask for ``late(now:)``, where that is not known yet.
    package mutating func insert(_ call: consuming Call) -> (slot: Int, checkAt: NIODeadline?) {
        let deadline = call.deadline
        let slot: Int
        if let last = self.free.popLast() {
            slot = last
            self.slots[slot] = call
        } else {
            slot = self.slots.count
            self.slots.append(call)
        }
        guard let deadline, deadline + Self.grace < self.checkAt ?? .distantFuture else {
            return (slot, nil)
        }
        self.checkAt = deadline + Self.grace
        return (slot, self.checkAt)
    }

    /// A call has ended.
    ///
    /// - Returns: `nil` for a number that no call has.
    package mutating func remove(_ slot: Int) -> Call? {
        guard self.slots.indices.contains(slot), let call = self.slots[slot].take() else { return nil }
        self.free.append(slot)
        if call.isOrphan, let identity = Self.identity(of: call) { self.forget(slot, identity) }
        return call
    }

    /// Calls that have not started are no longer this daemon's: they were given back, or their channel is gone.
    ///
    /// - Parameters:
    ///   - tags: Of their deliveries.
    ///   - isMeant: Whether it is the channel that the tags belong to.
    package mutating func forget(_ tags: [UInt64], on isMeant: (Channel) -> Bool) {
        let tags = Set(tags)
        guard !tags.isEmpty else { return }
        for slot in self.slots.indices {
            guard let delivery = self.slots[slot]?.delivery, tags.contains(delivery.tag), isMeant(delivery.channel)
            else { continue }
            _ = self.remove(slot)
        }
    }

    /// Channels are gone; the broker delivers again what came through them.
    ///
    /// - Parameter isGone: Whether a channel is among them.
    package mutating func channelsLost(_ isGone: (Channel) -> Bool) {
        for slot in self.slots.indices {
            guard let delivery = self.slots[slot]?.delivery, isGone(delivery.channel) else { continue }
            self.orphan(slot)
            self.slots[slot]?.delivery = nil
        }
    }

    /// The broker has ended the consumer of a channel, which stands: it may deliver again what it did not get back.
    ///
    /// RabbitMQ does so from 4.3 on when an acknowledgement takes too long.
    package mutating func consumerCancelled(on isMeant: (Channel) -> Bool) {
        for slot in self.slots.indices {
            guard let delivery = self.slots[slot]?.delivery, isMeant(delivery.channel) else { continue }
            self.orphan(slot)
        }
    }

    /// A message has come again.
    ///
    /// - Returns: Whether a run of it goes on, which the delivery now belongs to.
    package mutating func join(_ identity: CallIdentity, _ delivery: Delivery) -> Bool {
        guard let slot = self.orphans[identity]?.first else { return false }
        self.forget(slot, identity)
        self.slots[slot]?.isOrphan = false
        self.slots[slot]?.delivery = delivery
        return true
    }

    /// Time has passed.
    ///
    /// One whose channel is gone cannot be told yet: it is asked after again.
    ///
    /// - Returns: Calls whose callers wait no longer and are to be told so, each once; and when to ask again.
    package mutating func late(now: NIODeadline) -> (calls: [Call], checkAt: NIODeadline?) {
        guard let checkAt = self.checkAt, checkAt <= now else { return ([], nil) }
        var calls: [Call] = []
        var next: NIODeadline?
        for slot in self.slots.indices {
            guard let call = self.slots[slot], !call.isAnswered, let deadline = call.deadline else { continue }
            let end = deadline + Self.grace
            if end <= now, call.delivery == nil {
                next = min(next ?? .distantFuture, now + .seconds(1))
            } else if end <= now {
                self.slots[slot]?.isAnswered = true
                calls.append(call)
            } else {
                next = min(next ?? end, end)
            }
        }
        self.checkAt = next
        return (calls, next)
    }

    private mutating func orphan(_ slot: Int) {
        guard let call = self.slots[slot], !call.isOrphan, let identity = Self.identity(of: call) else { return }
        self.slots[slot]?.isOrphan = true
        self.orphans[identity, default: []].append(slot)
    }

    private static func identity(of call: Call) -> CallIdentity? {
        CallIdentity(call.properties, event: call.event)
    }

    private mutating func forget(_ slot: Int, _ identity: CallIdentity) {
        self.orphans[identity]?.removeAll { $0 == slot }
        if self.orphans[identity]?.isEmpty == true { self.orphans[identity] = nil }
    }
}
