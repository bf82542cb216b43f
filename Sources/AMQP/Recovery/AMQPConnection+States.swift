import Logging

// What a connection tells of itself: its states, and lines in the log.
extension AMQPConnection {
    /// What the connection is doing now.
    public var state: AMQPConnectionState { self.observed.current }

    /// What the connection is doing, from now on; ends when it is closed.
    ///
    /// The latest states are kept for a slow reader.
    public func states() -> AsyncStream<AMQPConnectionState> {
        self.observed.stream()
    }
}

// MARK: - On the loop

extension AMQPConnection {
    func logConnected() {
        guard let link = self.link else { return }
        self.logger.info(
            "Connected to the broker",
            metadata: [
                AMQPLogKey.broker: "\(link.remoteAddress)", AMQPLogKey.version: "\(link.agreement.product)",
                AMQPLogKey.virtualHost: "\(self.configuration.virtualHost)",
            ])
    }

    func announceConnected() {
        if let reason = self.link?.blockedReason {
            self.observed.announce(.blocked(reason: reason))
        } else {
            self.observed.announce(.connected)
        }
    }

    func announceRecovering(_ error: AMQPError, retryIn delay: Duration) {
        self.logger.warning(
            "No connection to the broker", metadata: [AMQPLogKey.error: "\(error)", AMQPLogKey.retryIn: "\(delay)"])
        self.observed.announce(.recovering(error))
    }

    /// The broker has stopped reading publishes, or begun again.
    func blockedChanged(_ reason: String?) {
        if let reason {
            self.logger.warning("The broker takes no messages", metadata: [AMQPLogKey.reason: "\(reason)"])
        } else {
            self.logger.info("The broker takes messages again")
        }
        self.announceConnected()
        self.linkWritable()
    }
}
