package import NIOCore

/// When to send a heartbeat, and when the peer has been silent for too long (AMQP 0-9-1, 4.2.7).
///
/// Pure: time comes in. A heartbeat goes out every half interval, whatever else does: that costs less than to note the
/// time of each write. Two intervals of silence mean that the peer is gone.
package struct HeartbeatMonitor {
    package enum Action: Equatable {
        case wait(until: NIODeadline)
        case sendHeartbeat(nextCheck: NIODeadline)
        case peerIsGone
    }

    private let interval: TimeAmount
    private var lastRead: NIODeadline
    private var lastHeartbeat: NIODeadline

    /// - Parameter interval: The negotiated heartbeat interval, above zero.
    package init(interval: TimeAmount, now: NIODeadline) {
        self.interval = interval
        self.lastRead = now
        self.lastHeartbeat = now
    }

    private var half: TimeAmount { .nanoseconds(self.interval.nanoseconds / 2) }

    package mutating func bytesRead(now: NIODeadline) { self.lastRead = now }

    package mutating func check(now: NIODeadline) -> Action {
        let silenceEnds = self.lastRead + self.interval + self.interval
        if now >= silenceEnds { return .peerIsGone }
        if now >= self.lastHeartbeat + self.half {
            self.lastHeartbeat = now
            return .sendHeartbeat(nextCheck: min(now + self.half, silenceEnds))
        }
        return .wait(until: min(self.lastHeartbeat + self.half, silenceEnds))
    }
}
