import AMQP
import LambdaEnvironment
import LambdaFunction
import LambdaHTTP
import LambdaMetrics
import Logging
import NIOCore

/// What the daemon says of itself at `/metrics`.
// @unchecked: every member is used on the daemon's loop only.
final class DaemonMetrics: @unchecked Sendable {
    /// What the function's parts count with.
    let meter = FunctionMeter()
    private let address: MetricsServer.Address
    private let labels: MetricLabels
    private var server: MetricsServer?
    /// The listeners for callers.
    var listeners: [HTTPServer] = []
    /// By what the metrics call them.
    var connections: [(name: String, connection: AMQPConnection)] = []

    init(_ address: MetricsServer.Address, of function: FunctionConfiguration) {
        self.address = address
        let name: MetricLabels = ["function": function.environment.function.name]
        self.labels = name.and(function.qualifier.map { ["qualifier": $0] } ?? .none)
    }

    /// Opens the port.
    ///
    /// - Parameter function: What is looked at.
    /// - Returns: Fails when the port is taken.
    func serve(_ function: LocalFunction, logger: Logger) -> EventLoopFuture<Void> {
        MetricsServer.bind(self.address, eventLoop: function.eventLoop, logger: logger) {
            function.eventLoop.makeSucceededFuture(self.text(function.status))
        }.map { self.server = $0 }
    }

    func close() -> EventLoopFuture<Void>? {
        self.server?.close()
    }

    private func text(_ status: FunctionStatus) -> ByteBuffer {
        var text = PrometheusText(labels: self.labels)
        text.write(self.meter.counts, status)
        if !self.connections.isEmpty { text.write(self.connections.map { BrokerStatus($0.name, $0.connection) }) }
        text.write(self.listeners.map(\.statistics))
        return text.bytes
    }
}
