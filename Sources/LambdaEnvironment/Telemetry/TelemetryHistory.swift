package import LambdaProtocol

/// What has happened in an init so far, for who subscribes in the middle of it (contract 8.2).
///
/// Pure, and bounded: what does not fit any more is counted.
package struct TelemetryHistory: Sendable {
    package static let maxEventCount = 1000
    package static let maxByteCount = 256 * 1024

    private var events: [TelemetryEvent] = []
    private var byteCount = 0
    private var dropped = (records: 0, bytes: 0)

    package init() {}

    /// Keeps an event.
    package mutating func append(_ event: TelemetryEvent) {
        let size = event.byteCount
        guard self.events.count < Self.maxEventCount, self.byteCount + size <= Self.maxByteCount else {
            self.dropped.records += 1
            self.dropped.bytes += size
            return
        }
        self.events.append(event)
        self.byteCount += size
    }

    /// Everything that was kept, and at its end how much was not.
    ///
    /// - Parameter time: For the event that tells of a loss.
    /// - Returns: Events in their order.
    package func all(at time: EpochClock.Instant) -> [TelemetryEvent] {
        guard self.dropped.records > 0 else { return self.events }
        let loss = PlatformEvent.logsDropped(recordCount: self.dropped.records, byteCount: self.dropped.bytes)
        return self.events + [TelemetryEvent(time: time, content: .platform(loss))]
    }
}
