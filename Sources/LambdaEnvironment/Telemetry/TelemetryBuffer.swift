internal import DequeModule
package import NIOCore

/// What one subscriber is to be told: gathered to batches, kept until they are delivered, bounded (contract 8.2).
///
/// Pure.
///
/// One batch is on its way at a time, so that the order is kept; one that did not arrive is sent again, later and
/// later. What comes while the queue is full is dropped and counted.
package struct TelemetryBuffer {
    /// What the driver has to do.
    package struct Actions: Equatable {
        /// Deliver these events; then call `delivered` or `failed`.
        package var send: [ByteBuffer]?
        /// Call `timeElapsed` at this time; an earlier such request stands, too.
        package var checkAt: NIODeadline?

        package init(send: [ByteBuffer]? = nil, checkAt: NIODeadline? = nil) {
            self.send = send
            self.checkAt = checkAt
        }
    }

    /// The queue's bounds, as multiples of a batch's.
    private static let queuedBatches = 4
    private static let firstRetryDelay = TimeAmount.milliseconds(100)
    private static let maxRetryDelay = TimeAmount.seconds(5)

    private enum Delivery {
        /// Nothing is on its way. Can transition to: `sending`.
        case idle
        /// Can transition to: `idle` (delivered), `waiting` (failed).
        case sending([ByteBuffer])
        /// The batch is sent again at this time. Can transition to: `sending`.
        case waiting([ByteBuffer], until: NIODeadline)
    }

    private let limits: TelemetryBuffering
    private var delivery: Delivery = .idle
    private var queue: Deque<ByteBuffer> = []
    private var queuedByteCount = 0
    /// When the first event of the queue has waited long enough.
    private var due: NIODeadline?
    private var isFlushing = false
    private var failures: Int64 = 0
    private var dropped = (records: 0, bytes: 0)

    package init(limits: TelemetryBuffering) {
        self.limits = limits
    }

    /// Whether everything has been delivered.
    package var isEmpty: Bool {
        if case .idle = self.delivery { self.queue.isEmpty } else { false }
    }

    /// Events were dropped, and there is room again to say so.
    ///
    /// - Returns: How many since this was last asked; `nil` while there is nothing to say.
    package mutating func takeLoss() -> (recordCount: Int, byteCount: Int)? {
        // Half of the room: a subscriber that is too slow for good is told now and then, not after every second event.
        guard self.dropped.records > 0, self.queuedByteCount <= self.maxQueuedByteCount / 2,
            self.queue.count <= self.maxQueuedCount / 2
        else { return nil }
        defer { self.dropped = (0, 0) }
        return (self.dropped.records, self.dropped.bytes)
    }

    /// An event, as a JSON object.
    package mutating func append(_ event: ByteBuffer, now: NIODeadline) -> Actions {
        // Until a loss can be told of, nothing comes after it.
        guard self.dropped.records == 0, self.hasRoom(for: event) else {
            self.dropped.records += 1
            self.dropped.bytes += event.readableBytes
            return Actions()
        }
        self.queue.append(event)
        self.queuedByteCount += event.readableBytes
        if self.due == nil { self.due = now + self.limits.timeout }
        // The first one sets the timer; the others only look whether the batch is full.
        guard self.queue.count == 1 || self.isFull else { return Actions() }
        return self.sendIfDue(now: now)
    }

    /// A time that an earlier action named has come.
    package mutating func timeElapsed(now: NIODeadline) -> Actions {
        switch self.delivery {
        case .waiting(let batch, let until) where until <= now:
            self.delivery = .sending(batch)
            return Actions(send: batch)
        case .waiting(_, let until):
            return Actions(checkAt: until)
        case .idle, .sending:
            return self.sendIfDue(now: now)
        }
    }

    /// The batch has arrived.
    package mutating func delivered(now: NIODeadline) -> Actions {
        guard case .sending = self.delivery else { return Actions() }
        self.delivery = .idle
        self.failures = 0
        return self.sendIfDue(now: now)
    }

    /// The batch has not arrived, or nobody knows.
    package mutating func failed(now: NIODeadline) -> Actions {
        guard case .sending(let batch) = self.delivery else { return Actions() }
        let delay = min(Self.firstRetryDelay * (1 << min(self.failures, 10)), Self.maxRetryDelay)
        self.failures += 1
        self.delivery = .waiting(batch, until: now + delay)
        return Actions(checkAt: now + delay)
    }

    /// From now on nothing waits for more: the subscriber is about to end.
    package mutating func flush(now: NIODeadline) -> Actions {
        self.isFlushing = true
        return self.sendIfDue(now: now)
    }

    private var isFull: Bool {
        self.queue.count >= self.limits.maxItemCount || self.queuedByteCount >= self.limits.maxByteCount
    }

    private var maxQueuedByteCount: Int { self.limits.maxByteCount * Self.queuedBatches }

    private var maxQueuedCount: Int { self.limits.maxItemCount * Self.queuedBatches }

    /// One event alone may be larger than the bound: a line of 256 KiB grows when it is escaped.
    private func hasRoom(for event: ByteBuffer) -> Bool {
        self.queue.isEmpty
            || (self.queue.count < self.maxQueuedCount
                && self.queuedByteCount + event.readableBytes <= self.maxQueuedByteCount)
    }

    private mutating func sendIfDue(now: NIODeadline) -> Actions {
        guard case .idle = self.delivery, !self.queue.isEmpty, let due = self.due else { return Actions() }
        guard self.isFull || self.isFlushing || due <= now else { return Actions(checkAt: due) }
        let batch = self.takeBatch()
        self.delivery = .sending(batch)
        self.due = self.queue.isEmpty ? nil : now + self.limits.timeout
        return Actions(send: batch)
    }

    private mutating func takeBatch() -> [ByteBuffer] {
        var batch: [ByteBuffer] = []
        var byteCount = 0
        while let next = self.queue.first, batch.count < self.limits.maxItemCount,
            batch.isEmpty || byteCount + next.readableBytes <= self.limits.maxByteCount
        {
            self.queue.removeFirst()
            batch.append(next)
            byteCount += next.readableBytes
        }
        self.queuedByteCount -= byteCount
        return batch
    }
}
