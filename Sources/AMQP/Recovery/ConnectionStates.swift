import NIOConcurrencyHelpers

/// What a connection is doing, for everybody who wants to know. Safe to use from any thread.
final class ConnectionStates: Sendable {
    private struct Observed {
        var state: AMQPConnectionState = .connecting
        var observers: [UInt64: AsyncStream<AMQPConnectionState>.Continuation] = [:]
        var nextObserver: UInt64 = 0
    }

    private let observed = NIOLockedValueBox(Observed())

    var current: AMQPConnectionState { self.observed.withLockedValue { $0.state } }

    /// The states from now on, the present one first; the latest are kept for a slow reader.
    func stream() -> AsyncStream<AMQPConnectionState> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: AMQPConnectionState.self, bufferingPolicy: .bufferingNewest(16))
        let id = self.observed.withLockedValue { observed in
            let id = observed.nextObserver
            observed.nextObserver += 1
            continuation.yield(observed.state)
            if case .closed = observed.state {
                continuation.finish()
            } else {
                observed.observers[id] = continuation
            }
            return id
        }
        // A stream that is dropped takes itself off the list.
        continuation.onTermination = { [weak self] _ in
            self?.observed.withLockedValue { $0.observers[id] = nil }
        }
        return stream
    }

    func announce(_ state: AMQPConnectionState) {
        let observers = self.observed.withLockedValue { observed in
            observed.state = state
            return Array(observed.observers.values)
        }
        for observer in observers { observer.yield(state) }
    }

    /// Ends every stream.
    func finish() {
        let observers = self.observed.withLockedValue { observed in
            defer { observed.observers = [:] }
            return Array(observed.observers.values)
        }
        for observer in observers { observer.finish() }
    }
}
