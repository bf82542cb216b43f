package import NIOCore

/// When to send a heartbeat, and when the peer has been silent for too long (AMQP 0-9-1, 4.2.7).
///
/// Pure: time comes in. A heartbeat goes out when nothing else has for half the interval; two intervals of silence mean
/// that the peer is gone, and so at most two and a half pass before a call fails.
package struct HeartbeatMonitor {
    package enum Action: Equatable {
        case wait(until: NIODeadline)
        case sendHeartbeat(nextCheck: NIODeadline)
        case peerIsGone
    }

    private let interval: TimeAmount
    private var lastRead: NIODeadline
    private var lastWrite: NIODeadline

    /// - Parameter interval: The negotiated heartbeat interval, above zero.
    package init(interval: TimeAmount, now: NIODeadline) {
        self.interval = interval
        self.lastRead = now
        self.lastWrite = now
    }

    private var half: TimeAmount { .nanoseconds(self.interval.nanoseconds / 2) }

    package mutating func bytesRead(now: NIODeadline) { self.lastRead = now }

    package mutating func bytesWritten(now: NIODeadline) { self.lastWrite = now }

    package mutating func check(now: NIODeadline) -> Action {
        let silenceEnds = self.lastRead + self.interval + self.interval
        if now >= silenceEnds { return .peerIsGone }
        if now >= self.lastWrite + self.half {
            self.lastWrite = now
            return .sendHeartbeat(nextCheck: min(now + self.half, silenceEnds))
        }
        return .wait(until: min(self.lastWrite + self.half, silenceEnds))
    }
}
