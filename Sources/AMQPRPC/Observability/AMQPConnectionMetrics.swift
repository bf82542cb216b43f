public import AMQP
public import CoreMetrics
public import ServiceLifecycle

/// Tells metrics what a connection does: whether it stands, whether the broker takes messages, how often it was lost.
///
/// A service of its own beside those that use the connection, since these may be several:
///
/// ```swift
///     let metrics = AMQPConnectionMetrics(of: connection, name: "orders")
///     let group = ServiceGroup(services: [metrics, server], gracefulShutdownSignals: [.sigterm], logger: logger)
///     try await group.run()
/// ```
///
/// The metrics' names are in <doc:Observability>.
public struct AMQPConnectionMetrics: Service {
    private let connection: AMQPConnection
    private let instruments: ConnectionInstruments

    /// Prepares the metrics; ``run()`` tells them what happens.
    ///
    /// - Parameters:
    ///   - connection: The connection.
    ///   - name: What the dimension `connection` says; from a small set.
    ///   - factory: Makes the metrics; what the process has set up with `MetricsSystem.bootstrap`, unless given.
    public init(
        of connection: AMQPConnection, name: String, factory: any MetricsFactory = MetricsSystem.factory
    ) {
        self.connection = connection
        self.instruments = ConnectionInstruments(name: name, factory: factory)
    }

    /// Tells what the connection does until it is closed, a graceful shutdown begins, or the task is cancelled.
    public func run() async {
        await self.instruments.follow(self.connection.states().cancelOnGracefulShutdown())
    }
}

/// The metrics of one connection.
package struct ConnectionInstruments: Sendable {
    private let connected: Meter
    private let blocked: Meter
    private let losses: Counter

    /// - Parameters:
    ///   - name: What the dimension `connection` says.
    ///   - factory: Makes the metrics.
    package init(name: String, factory: any MetricsFactory) {
        let dimensions = [("connection", name)]
        self.connected = Meter(label: "amqp_connection_connected", dimensions: dimensions, factory: factory)
        self.blocked = Meter(label: "amqp_connection_blocked", dimensions: dimensions, factory: factory)
        self.losses = Counter(label: "amqp_connection_losses", dimensions: dimensions, factory: factory)
        self.losses.increment(by: 0)
    }

    /// Tells what a connection does until its states end, and that it does not stand any more then.
    package func follow(_ states: some AsyncSequence<AMQPConnectionState, Never>) async {
        var present = AMQPConnectionState.connecting
        for await state in states {
            self.changed(from: present, to: state)
            present = state
        }
        self.connected.set(0)
        self.blocked.set(0)
    }

    /// A connection does something else now.
    ///
    /// Each further attempt to connect is announced, too; it is no further loss.
    package func changed(from present: AMQPConnectionState, to state: AMQPConnectionState) {
        self.connected.set(state.isConnected ? 1 : 0)
        if case .blocked = state { self.blocked.set(1) } else { self.blocked.set(0) }
        if present.isConnected, case .recovering = state { self.losses.increment() }
    }
}

extension AMQPConnectionState {
    /// Whether there is a link.
    fileprivate var isConnected: Bool {
        switch self {
        case .connected, .blocked: true
        case .connecting, .recovering, .closed: false
        }
    }
}
