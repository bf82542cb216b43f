import NIOCore
import Testing

@testable import AMQP

@Suite struct HeartbeatMonitorTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private var monitor: HeartbeatMonitor

    init() {
        self.monitor = HeartbeatMonitor(interval: .seconds(10), now: self.start)
    }

    private func at(_ seconds: Int64) -> NIODeadline { self.start + .seconds(seconds) }

    @Test mutating func aHeartbeatGoesOutEveryHalfInterval() {
        #expect(self.monitor.check(now: self.at(0)) == .wait(until: self.at(5)))
        #expect(self.monitor.check(now: self.at(5)) == .sendHeartbeat(nextCheck: self.at(10)))
        #expect(self.monitor.check(now: self.at(7)) == .wait(until: self.at(10)))
        #expect(self.monitor.check(now: self.at(10)) == .sendHeartbeat(nextCheck: self.at(15)))
    }

    @Test mutating func twoIntervalsOfSilenceMeanThatThePeerIsGone() {
        #expect(self.monitor.check(now: self.at(19)) == .sendHeartbeat(nextCheck: self.at(20)))
        #expect(self.monitor.check(now: self.at(20)) == .peerIsGone)
    }

    @Test mutating func anythingThatIsReadShowsThatThePeerLives() {
        self.monitor.bytesRead(now: self.at(19))
        #expect(self.monitor.check(now: self.at(38)) == .sendHeartbeat(nextCheck: self.at(39)))
        #expect(self.monitor.check(now: self.at(39)) == .peerIsGone)
    }
}
