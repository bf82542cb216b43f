import AMQP

/// The channel that a client publishes events on: opened with the first of them, and again when it was closed.
actor ConfirmingChannel {
    private let connection: AMQPConnection
    private var opening: Task<AMQPChannel, any Error>?

    init(connection: AMQPConnection) {
        self.connection = connection
    }

    /// The channel, on which publishes are confirmed.
    func channel() async throws(AMQPError) -> AMQPChannel {
        if let opening = self.opening, let channel = try? await opening.value, await channel.isOpen { return channel }
        let opening = Task { [connection] in
            let channel = try await connection.openChannel()
            try await channel.selectConfirms()
            return channel
        }
        self.opening = opening
        do {
            return try await opening.value
        } catch {
            self.opening = nil
            // Nothing has been published yet, whatever hinders the channel.
            let error = error as? AMQPError ?? AMQPError(.connectionFailed, "\(error)", underlying: error)
            guard [.connectionLost, .channelClosed].contains(error.code) else { throw error }
            throw AMQPError(
                .connectionFailed, error.message, replyCode: error.replyCode,
                isServerInitiated: error.isServerInitiated, underlying: error)
        }
    }

    /// Closes it, where there is one.
    func close() async {
        guard let opening = self.opening else { return }
        self.opening = nil
        try? await opening.value.close()
    }
}
