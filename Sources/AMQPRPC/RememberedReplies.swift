import AMQP
import DequeModule
package import NIOCore

/// The requests with an idempotency key that are being handled, and the replies of those that were.
///
/// Pure: no clock, no lock, no AMQP. What joins is the driver's affair. Bounded: finished ones by number, bytes and time;
/// those under way, and those that have joined them, by the requests that the broker delivers at once.
package struct RememberedReplies<Joiner> {
    /// What tells a request that is repeated from another one.
    package struct Key: Hashable, Sendable {
        // Bytes of its own: a received buffer is a slice that would hold everything that was read with it.
        let bytes: [UInt8]

        package init(_ bytes: [UInt8]) {
            self.bytes = bytes
        }
    }

    /// What tells two bodies under one key from each other.
    ///
    /// Of this process only, where the replies are; with bytes that nobody can choose to be the same.
    package struct Digest: Equatable, Sendable {
        private let byteCount: Int
        private let hash: Int

        package init(_ body: ByteBuffer) {
            self.byteCount = body.readableBytes
            var hasher = Hasher()
            body.withUnsafeReadableBytes { hasher.combine(bytes: $0) }
            self.hash = hasher.finalize()
        }
    }

    /// What becomes of a request.
    package enum BeginAction {
        /// It is the first with its key: handle it, and call ``finished(_:reply:now:)``.
        case run
        /// One with its key is being handled: what comes of that is for this one, too.
        case join
        /// One with its key was handled: this came of it.
        case answer(RPCReply)
        /// The one with its key had another body: it is another request, whose key is wrong.
        case refuse
    }

    private enum State {
        /// Can transition to: `finished`, or is forgotten.
        case running([Joiner])
        /// Leaves by age, or to make room.
        case finished(RPCReply, byteCount: Int)
    }

    private struct Entry {
        var digest: Digest
        var state: State
    }

    private let countLimit: Int
    private let byteLimit: Int
    private let duration: TimeAmount
    private var entries: [Key: Entry] = [:]
    /// The finished ones, the oldest first, with when they are forgotten.
    private var order: Deque<(key: Key, expiry: NIODeadline)> = []
    /// The bytes of all finished ones.
    package private(set) var byteCount = 0

    /// Nothing is remembered yet.
    package init(countLimit: Int, byteLimit: Int, duration: TimeAmount) {
        self.countLimit = countLimit
        self.byteLimit = byteLimit
        self.duration = duration
    }

    /// How many replies are remembered.
    package var count: Int { self.order.count }

    /// A request has come.
    package mutating func begin(_ key: Key, _ digest: Digest, _ joiner: Joiner, now: NIODeadline) -> BeginAction {
        self.forget(now: now)
        guard let entry = self.entries[key] else {
            self.entries[key] = Entry(digest: digest, state: .running([]))
            return .run
        }
        guard entry.digest == digest else { return .refuse }
        switch entry.state {
        case .running(var joiners):
            joiners.append(joiner)
            self.entries[key]?.state = .running(joiners)
            return .join
        case .finished(let reply, _): return .answer(reply)
        }
    }

    /// The request that was to be run has been handled.
    ///
    /// - Parameters:
    ///   - key: Its key.
    ///   - reply: What to remember; nil for what may be tried again.
    ///   - now: The time.
    /// - Returns: Those that have joined it.
    package mutating func finished(_ key: Key, reply: RPCReply?, now: NIODeadline) -> [Joiner] {
        guard let entry = self.entries.removeValue(forKey: key), case .running(let joiners) = entry.state else {
            return []
        }
        guard let reply else { return joiners }
        let (detached, size) = reply.detached()
        let byteCount = size + key.bytes.count
        guard byteCount <= self.byteLimit, self.countLimit > 0 else { return joiners }
        self.entries[key] = Entry(digest: entry.digest, state: .finished(detached, byteCount: byteCount))
        self.order.append((key, now + self.duration))
        self.byteCount += byteCount
        self.forget(now: now)
        return joiners
    }

    private mutating func forget(now: NIODeadline) {
        while let oldest = self.order.first,
            oldest.expiry <= now || self.order.count > self.countLimit || self.byteCount > self.byteLimit
        {
            self.order.removeFirst()
            if case .finished(_, let byteCount) = self.entries.removeValue(forKey: oldest.key)?.state {
                self.byteCount -= byteCount
            }
        }
    }
}

extension RememberedReplies.BeginAction {
    /// Whether the request is to be handled.
    package var isRun: Bool { if case .run = self { true } else { false } }

    /// Whether it waits for another's reply.
    package var isJoin: Bool { if case .join = self { true } else { false } }

    /// Whether its key belongs to another request.
    package var isRefuse: Bool { if case .refuse = self { true } else { false } }

    /// The remembered reply, if that is the answer.
    package var answer: RPCReply? { if case .answer(let reply) = self { reply } else { nil } }
}
