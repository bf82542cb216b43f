import NIOCore

/// The clock of a server's time-outs: counted in ticks, so that a request costs no timer and no look at a clock.
struct HTTPServerTicks {
    /// The time between ticks; `nil` when nothing has a time-out.
    let interval: TimeAmount?
    private(set) var now: UInt64 = 0
    private let configuration: HTTPServerConfiguration

    init(_ configuration: HTTPServerConfiguration) {
        self.configuration = configuration
        let timeouts = [
            configuration.idleTimeout, configuration.headTimeout, configuration.bodyTimeout, configuration.writeTimeout,
        ]
        self.interval = timeouts.compactMap { $0 }.min().map { shortest in
            .nanoseconds(min(max(shortest.nanoseconds / 8, 5_000_000), 1_000_000_000))
        }
    }

    mutating func advance() -> UInt64 {
        self.now += 1
        return self.now
    }

    /// The tick at which waiting has taken too long; at least the configured time, at most two ticks more.
    func deadline(for wait: HTTPExchangeStateMachine.Wait) -> UInt64 {
        let timeout: TimeAmount?
        switch wait {
        case .nothing: timeout = nil
        case .request: timeout = self.configuration.idleTimeout
        case .head: timeout = self.configuration.headTimeout
        case .body: timeout = self.configuration.bodyTimeout
        }
        return self.deadline(after: timeout)
    }

    /// The tick at which a client that takes nothing has had its time.
    var writeDeadline: UInt64 { self.deadline(after: self.configuration.writeTimeout) }

    /// The tick at which a body must be there that came with the smallest rate.
    ///
    /// - Parameters:
    ///   - start: The tick at which it was waited for.
    ///   - byteCount: What has come of it.
    func bodyDeadline(since start: UInt64, byteCount: Int) -> UInt64 {
        guard self.configuration.minByteRate > 0, let interval = self.interval,
            let timeout = self.configuration.bodyTimeout
        else { return .max }
        let earned = Double(byteCount) / Double(self.configuration.minByteRate) * 1_000_000_000
        let ticks = (Double(max(0, timeout.nanoseconds)) + earned) / Double(interval.nanoseconds)
        return start + UInt64(min(ticks, 1e15)) + 1
    }

    private func deadline(after timeout: TimeAmount?) -> UInt64 {
        guard let timeout, let interval = self.interval else { return .max }
        return self.now + UInt64(max(0, timeout.nanoseconds) / interval.nanoseconds) + 1
    }
}
