/// A message of a batch, with where it goes.
public struct AMQPPublishing: Sendable, Hashable {
    /// Properties and body.
    public var message: AMQPMessage
    /// The exchange; empty is the default one, which routes to the queue named by the routing key.
    public var exchange: AMQPShortString
    /// The routing key.
    public var routingKey: AMQPShortString
    /// Whether it is an error when no queue takes it; else the broker drops it then.
    public var isMandatory: Bool

    /// A message to a queue unless an exchange is given.
    ///
    /// - Parameters:
    ///   - message: Properties and body.
    ///   - exchange: The exchange, at most 255 bytes. Default: the default one, which routes to the queue named by the
    ///     routing key.
    ///   - routingKey: The routing key, at most 255 bytes.
    ///   - isMandatory: Whether it is an error when no queue takes it. Default: true.
    public init(
        _ message: AMQPMessage, to exchange: AMQPShortString = .empty, routingKey: AMQPShortString,
        isMandatory: Bool = true
    ) {
        self.message = message
        self.exchange = exchange
        self.routingKey = routingKey
        self.isMandatory = isMandatory
    }

    /// A message to a queue unless an exchange is given, with names as text.
    ///
    /// - Parameters:
    ///   - message: Properties and body.
    ///   - exchange: The exchange, at most 255 bytes. Default: the default one, which routes to the queue named by the
    ///     routing key.
    ///   - routingKey: The routing key, at most 255 bytes.
    ///   - isMandatory: Whether it is an error when no queue takes it. Default: true.
    public init(_ message: AMQPMessage, to exchange: String = "", routingKey: String, isMandatory: Bool = true) {
        self.init(
            message, to: AMQPShortString(exchange), routingKey: AMQPShortString(routingKey), isMandatory: isMandatory)
    }
}

/// A message of a batch that the broker has not taken over, or of which nobody knows.
public struct AMQPPublishFailure: Error, Sendable {
    /// Its place in the batch.
    public let index: Int
    /// What became of it: see ``AMQPChannel/publishConfirmed(_:)``.
    public let error: AMQPError
}
