import AMQP
import NIOConcurrencyHelpers

/// What a client's connection is doing, also before there is one and after the client has ended. Safe to use from any
/// thread.
final class ClientStates: Sendable {
    private let states = ConnectionStates()
    /// The connection's, once there is one, and what stops the client's following them.
    private let followed = NIOLockedValueBox<(ConnectionStates, id: UInt64)?>(nil)

    deinit { self.stopFollowing() }

    var current: AMQPConnectionState { self.states.current }

    /// The states from now on, the present one first; the latest are kept for a slow reader.
    func stream() -> AsyncStream<AMQPConnectionState> { self.states.stream() }

    /// Passes on what a connection does, as soon as it does, until it or the client ends.
    ///
    /// - Parameters:
    ///   - connection: The connection.
    ///   - closed: Called once the connection is closed, before those who close it go on.
    func follow(_ connection: AMQPConnection, closed: @escaping @Sendable (AMQPError) -> Void = { _ in }) {
        let id = connection.observed.observe { [states] state in
            states.announce(state)
            if case .closed(let error) = state { closed(error) }
        }
        self.followed.withLockedValue { $0 = (connection.observed, id) }
    }

    /// The client has ended, whatever its connection does.
    func end(_ error: LambdaError) {
        self.stopFollowing()
        let error = error.underlying as? AMQPError ?? AMQPError(.connectionClosed, error.message, underlying: error)
        self.states.announce(.closed(error))
    }

    private func stopFollowing() {
        guard let (states, id) = self.followed.withLockedValue({ $0.take() }) else { return }
        states.stopObserving(id)
    }
}
