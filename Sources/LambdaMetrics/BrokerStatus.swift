/// How a program's connection to the broker stands.
package struct BrokerStatus: Sendable {
    /// Which of the program's connections: `calls`, `events`, or the number of its loop.
    package var connection: String
    package var isConnected: Bool
    /// The broker takes no messages, for want of memory or disk.
    package var isBlocked: Bool
    /// How often it came back after it was lost.
    package var reconnectCount: Int

    package init(connection: String, isConnected: Bool, isBlocked: Bool, reconnectCount: Int) {
        self.connection = connection
        self.isConnected = isConnected
        self.isBlocked = isBlocked
        self.reconnectCount = reconnectCount
    }
}

extension PrometheusText {
    /// Writes how connections to the broker stand.
    package mutating func write(_ brokers: [BrokerStatus]) {
        self.family(
            "lambda_broker_connected", .gauge, "Whether the connection to RabbitMQ stands: 1 or 0.",
            samples: brokers.map { (["connection": $0.connection], $0.isConnected ? 1 : 0) })
        self.family(
            "lambda_broker_blocked", .gauge, "Whether RabbitMQ takes no messages, for want of memory or disk: 1 or 0.",
            samples: brokers.map { (["connection": $0.connection], $0.isBlocked ? 1 : 0) })
        self.family(
            "lambda_broker_reconnects_total", .counter,
            "How often the connection to RabbitMQ was made again after a loss.",
            samples: brokers.map { (["connection": $0.connection], $0.reconnectCount) })
    }
}
