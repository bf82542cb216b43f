/// Where records of events go that have ended (contract 11.2): an exchange with a routing key, or a queue.
package struct EventDestination: Sendable, Equatable {
    /// Empty for the default exchange, which routes to the queue that the routing key names.
    package var exchange: String
    package var routingKey: String

    package init(exchange: String = "", routingKey: String) {
        self.exchange = exchange
        self.routingKey = routingKey
    }

    /// Reads `QUEUE` or `EXCHANGE/ROUTING-KEY`.
    ///
    /// - Returns: `nil` where a name is longer than AMQP's 255 bytes, or there is none.
    package init?(text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        self.exchange = parts.count == 2 ? String(parts[0]) : ""
        self.routingKey = String(parts.last ?? "")
        guard self.exchange.utf8.count <= 255, self.routingKey.utf8.count <= 255 else { return nil }
        guard !self.exchange.isEmpty || !self.routingKey.isEmpty else { return nil }
    }
}
