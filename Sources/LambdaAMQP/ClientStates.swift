import AMQP
import NIOConcurrencyHelpers

/// What a client's connection is doing, also before there is one and after the client has ended. Safe to use from any
/// thread.
final class ClientStates: Sendable {
    private typealias Observer = AsyncStream<AMQPConnectionState>.Continuation

    private struct Observed {
        var connection: AMQPConnection?
        var following: Task<Void, Never>?
        /// The last state, which is `closed`, once it is reached.
        var end: AMQPConnectionState?
        var observers: [UInt64: Observer] = [:]
        var nextObserver: UInt64 = 0

        var current: AMQPConnectionState { self.end ?? self.connection?.state ?? .connecting }
    }

    private let observed = NIOLockedValueBox(Observed())

    var current: AMQPConnectionState { self.observed.withLockedValue { $0.current } }

    /// The states from now on, the present one first; the latest are kept for a slow reader.
    func stream() -> AsyncStream<AMQPConnectionState> {
        let (stream, observer) = AsyncStream.makeStream(
            of: AMQPConnectionState.self, bufferingPolicy: .bufferingNewest(16))
        let id = self.observed.withLockedValue { observed in
            let id = observed.nextObserver
            observed.nextObserver += 1
            observer.yield(observed.current)
            if observed.end == nil {
                observed.observers[id] = observer
            } else {
                observer.finish()
            }
            return id
        }
        // A stream that is dropped takes itself off the list.
        observer.onTermination = { [weak self] _ in
            self?.observed.withLockedValue { $0.observers[id] = nil }
        }
        return stream
    }

    /// Passes on what a connection does, until it or the client ends.
    func follow(_ connection: AMQPConnection) {
        let states = connection.states()
        let following = Task { [weak self] in
            for await state in states { self?.announce(state) }
        }
        let isWanted = self.observed.withLockedValue { observed in
            guard observed.end == nil else { return false }
            (observed.connection, observed.following) = (connection, following)
            return true
        }
        if !isWanted { following.cancel() }
    }

    /// The client has ended, whatever its connection does.
    func end(_ error: LambdaError) {
        let error = error.underlying as? AMQPError ?? AMQPError(.connectionClosed, error.message, underlying: error)
        self.announce(.closed(error))
    }

    private func announce(_ state: AMQPConnectionState) {
        var isEnd = false
        if case .closed = state { isEnd = true }
        let (observers, following) = self.observed.withLockedValue { observed -> ([Observer], Task<Void, Never>?) in
            guard observed.end == nil else { return ([], nil) }
            let observers = Array(observed.observers.values)
            guard isEnd else { return (observers, nil) }
            defer { (observed.connection, observed.following, observed.observers) = (nil, nil, [:]) }
            observed.end = state
            return (observers, observed.following)
        }
        following?.cancel()
        for observer in observers {
            observer.yield(state)
            if isEnd { observer.finish() }
        }
    }
}
