import AMQP
import NIOCore

/// The channel that a client publishes events on: opened with the first of them, and again when it was closed.
///
/// It is opened once for all who want it; whoever is cancelled waits no longer, and leaves it to the others.
actor ConfirmingChannel {
    private let connection: AMQPConnection
    private var opened: AMQPChannel?
    private var opening: EventLoopFuture<AMQPChannel>?
    private var isClosed = false

    init(connection: AMQPConnection) {
        self.connection = connection
    }

    /// The channel, on which publishes are confirmed.
    ///
    /// - Throws: `AMQPError`: `cancelled` when the task is; else what hinders the channel, as `connectionFailed` where
    ///   that is the connection: nothing was published.
    func channel() async throws(AMQPError) -> AMQPChannel {
        if let channel = self.opened {
            if await channel.isOpen { return channel }
            // Others may have found that out meanwhile, and had another opened.
            if self.opened === channel { self.opened = nil }
        }
        if let channel = self.opened { return channel }
        return try await (self.opening ?? self.open()).cancellableValue()
    }

    private func open() -> EventLoopFuture<AMQPChannel> {
        let opening = self.connection.eventLoop.makePromise(of: AMQPChannel.self)
        self.opening = opening.futureResult
        // Nobody's own: those who want the channel come and go.
        Task {
            let result = await self.ended(Self.open(on: self.connection))
            opening.completeWith(result.mapError { $0 as any Error })
        }
        return opening.futureResult
    }

    private func ended(_ result: Result<AMQPChannel, AMQPError>) async -> Result<AMQPChannel, AMQPError> {
        self.opening = nil
        guard case .success(let channel) = result else { return result }
        guard !self.isClosed else {
            try? await channel.close()
            return .failure(AMQPError(.connectionFailed, "the client was closed"))
        }
        self.opened = channel
        return result
    }

    private static func open(on connection: AMQPConnection) async -> Result<AMQPChannel, AMQPError> {
        do throws(AMQPError) {
            let channel = try await connection.openChannel()
            do throws(AMQPError) {
                try await channel.selectConfirms()
            } catch {
                try? await channel.close()
                throw error
            }
            return .success(channel)
        } catch {
            guard [.connectionLost, .connectionClosed, .channelClosed].contains(error.code) else {
                return .failure(error)
            }
            return .failure(
                AMQPError(
                    .connectionFailed, error.message, replyCode: error.replyCode,
                    isServerInitiated: error.isServerInitiated, underlying: error))
        }
    }

    /// Closes it, where there is one; one that is only being opened is closed as soon as it is open.
    func close() async {
        self.isClosed = true
        try? await self.opened?.close()
        self.opened = nil
    }
}
