import NIOConcurrencyHelpers

/// What a connection is doing, for everybody who wants to know. Safe to use from any thread.
///
/// The last state is `closed`; what is announced after it is ignored.
package final class ConnectionStates: Sendable {
    package typealias Observer = @Sendable (AMQPConnectionState) -> Void

    private struct Observed {
        var state: AMQPConnectionState = .connecting
        var observers: [UInt64: Observer] = [:]
        var nextObserver: UInt64 = 0
    }

    private let observed = NIOLockedValueBox(Observed())

    package init() {}

    package var current: AMQPConnectionState { self.observed.withLockedValue { $0.state } }

    /// The states from now on, the present one first; the latest are kept for a slow reader.
    package func stream() -> AsyncStream<AMQPConnectionState> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: AMQPConnectionState.self, bufferingPolicy: .bufferingNewest(16))
        let id = self.observe { state in
            continuation.yield(state)
            if state.isClosed { continuation.finish() }
        }
        // A stream that is dropped takes itself off the list.
        continuation.onTermination = { [weak self] _ in self?.stopObserving(id) }
        return stream
    }

    /// Has somebody told each state when it begins, the present one first and at once; the last is `closed`.
    ///
    /// - Parameter observer: Told on the thread that announces the state, before ``announce(_:)`` returns. It must not use
    ///   these states.
    /// - Returns: What ``stopObserving(_:)`` takes.
    package func observe(_ observer: @escaping Observer) -> UInt64 {
        self.observed.withLockedValue { observed in
            let id = observed.nextObserver
            observed.nextObserver += 1
            // In the lock, so that no later state comes before this one.
            observer(observed.state)
            if !observed.state.isClosed { observed.observers[id] = observer }
            return id
        }
    }

    package func stopObserving(_ id: UInt64) {
        self.observed.withLockedValue { $0.observers[id] = nil }
    }

    /// Tells everybody; with `closed` for the last time.
    package func announce(_ state: AMQPConnectionState) {
        let observers = self.observed.withLockedValue { observed -> [Observer] in
            guard !observed.state.isClosed else { return [] }
            observed.state = state
            defer { if state.isClosed { observed.observers = [:] } }
            return Array(observed.observers.values)
        }
        for observer in observers { observer(state) }
    }
}

extension AMQPConnectionState {
    fileprivate var isClosed: Bool {
        if case .closed = self { true } else { false }
    }
}
