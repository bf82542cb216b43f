public import AMQP
public import CoreMetrics
import NIOConcurrencyHelpers
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
        let states = self.connection.observed
        let observer = states.observe { self.instruments.changed(to: $0) }
        for await _ in states.stream().cancelOnGracefulShutdown() {}
        states.stopObserving(observer)
        self.instruments.ended()
    }
}

/// The metrics of one connection.
package final class ConnectionInstruments: Sendable {
    private struct Told {
        var wasConnected = false
        var hasEnded = false
    }

    private let connected: Meter
    private let blocked: Meter
    private let losses: Counter
    /// The metrics are told in this lock, so that the end comes last.
    private let told = NIOLockedValueBox(Told())

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

    /// The connection does something else now.
    ///
    /// Each further attempt to connect is announced, too; it is no further loss.
    package func changed(to state: AMQPConnectionState) {
        let (isConnected, isBlocked, isLoss) =
            switch state {
            case .connected: (true, false, false)
            case .blocked: (true, true, false)
            case .recovering: (false, false, true)
            case .connecting, .closed: (false, false, false)
            }
        self.told.withLockedValue { told in
            guard !told.hasEnded else { return }
            self.connected.set(isConnected ? 1 : 0)
            self.blocked.set(isBlocked ? 1 : 0)
            if told.wasConnected, isLoss { self.losses.increment() }
            told.wasConnected = isConnected
        }
    }

    /// Nobody tells any more what the connection does.
    func ended() {
        self.told.withLockedValue { told in
            told.hasEnded = true
            self.connected.set(0)
            self.blocked.set(0)
        }
    }
}
