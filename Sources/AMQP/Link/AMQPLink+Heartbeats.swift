import NIOCore

extension AMQPLink {
    func startHeartbeats(seconds: Int64) {
        guard seconds > 0 else { return }
        self.heartbeat = HeartbeatMonitor(interval: .seconds(seconds), now: self.eventLoop.now)
        self.checkHeartbeat()
    }

    private func checkHeartbeat() {
        guard let action = self.heartbeat?.check(now: self.eventLoop.now) else { return }
        switch action {
        case .peerIsGone:
            // While we hold back reading, the peer's heartbeats wait in the socket: silence says nothing then.
            guard self.readPauses > 0 else {
                return self.finish(AMQPError(.connectionLost, "the broker missed two heartbeats"))
            }
            self.heartbeat?.bytesRead(now: self.eventLoop.now)
            self.checkHeartbeat()
        case .sendHeartbeat(let next):
            self.outbound.append { self.encoder.writeHeartbeat(to: &$0) }
            self.scheduleHeartbeatCheck(at: next)
        case .wait(let next): self.scheduleHeartbeatCheck(at: next)
        }
    }

    private func scheduleHeartbeatCheck(at deadline: NIODeadline) {
        self.heartbeatTimer = self.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.checkHeartbeat()
        }
    }
}
