import AMQP
import NIOCore

/// The channel that a client publishes events on: opened with the first of them, and again when it was closed.
///
/// It is opened once for all who want it.
final class ConfirmingChannel: @unchecked Sendable {
    // @unchecked: every stored `var` is used on the connection's loop only (asserted at the entries).
    typealias Completion = (Result<AMQPChannel, AMQPError>) -> Void

    private let connection: AMQPConnection
    private var opened: AMQPChannel?
    /// Who waits while it is opened; empty while it is not.
    private var waiting: [Completion] = []
    private var isClosed = false

    var eventLoop: any EventLoop { self.connection.eventLoop }

    init(connection: AMQPConnection) {
        self.connection = connection
    }

    /// The channel, on which publishes are confirmed.
    ///
    /// Call on the connection's loop.
    ///
    /// - Parameter completion: Called once, on the loop; at once where the channel is open. An error is what hinders the
    ///   channel: nothing was published.
    func channel(_ completion: @escaping Completion) {
        self.eventLoop.assertInEventLoop()
        if let channel = self.opened, channel.isOpen { return completion(.success(channel)) }
        self.opened = nil
        self.waiting.append(completion)
        guard self.waiting.count == 1 else { return }
        // Nobody's own: those who want the channel come and go.
        Task {
            let result = await Self.open(on: self.connection)
            self.eventLoop.execute { self.ended(result) }
        }
    }

    private func ended(_ result: Result<AMQPChannel, AMQPError>) {
        var result = result.mapError { $0.ofUnsentCall }
        if self.isClosed {
            if case .success(let channel) = result { Task { try? await channel.close() } }
            result = .failure(AMQPError(.connectionClosed, "the client was closed", mayHaveExecuted: false))
        }
        if case .success(let channel) = result { self.opened = channel }
        let waiting = self.waiting
        self.waiting = []
        for completion in waiting { completion(result) }
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
            return .failure(error)
        }
    }

    /// Closes it, where there is one; one that is only being opened is closed as soon as it is open.
    func close() async {
        let opened = try? await self.eventLoop.submit {
            self.isClosed = true
            return self.opened.take()
        }.get()
        try? await opened?.close()
    }
}
