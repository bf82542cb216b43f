public import AMQP
public import NIOCore

/// What a caller sends.
public struct RPCRequest: Sendable {
    /// The exchange; empty for the default one, which routes by queue name.
    ///
    /// One that does not exist has the broker close the client's channel, and with it fail every call under way.
    public var exchange: AMQPShortString
    /// The routing key: on the default exchange, the queue's name.
    public var routingKey: AMQPShortString
    /// Properties and headers.
    ///
    /// The client sets `correlationID`, `replyTo` and, where they are nil, `expiration` and `timestamp`, which is the moment
    /// when it is sent.
    public var properties: AMQPProperties
    /// The body.
    public var body: ByteBuffer

    /// A request to a queue unless an exchange is given.
    ///
    /// - Parameters:
    ///   - exchange: The exchange, at most 255 bytes. Default: the default one, which routes by queue name.
    ///   - routingKey: The routing key, at most 255 bytes: on the default exchange, the queue's name.
    ///   - properties: Properties and headers. Default: none but those that the client sets.
    ///   - body: The body.
    public init(
        exchange: AMQPShortString = .empty, routingKey: AMQPShortString, properties: AMQPProperties = AMQPProperties(),
        body: ByteBuffer
    ) {
        self.exchange = exchange
        self.routingKey = routingKey
        self.properties = properties
        self.body = body
    }

    /// A request to a queue unless an exchange is given, with names as text.
    ///
    /// - Parameters:
    ///   - exchange: The exchange, at most 255 bytes. Default: the default one, which routes by queue name.
    ///   - routingKey: The routing key, at most 255 bytes: on the default exchange, the queue's name.
    ///   - properties: Properties and headers. Default: none but those that the client sets.
    ///   - body: The body.
    public init(
        exchange: String = "", routingKey: String, properties: AMQPProperties = AMQPProperties(), body: ByteBuffer
    ) {
        self.init(
            exchange: AMQPShortString(exchange), routingKey: AMQPShortString(routingKey), properties: properties, body: body)
    }
}

/// What comes back.
public struct RPCReply: Sendable {
    /// Properties and headers.
    ///
    /// A server sets `correlationID` itself.
    public var properties: AMQPProperties
    /// The body.
    public var body: ByteBuffer

    /// A reply.
    ///
    /// - Parameters:
    ///   - properties: Properties and headers. Default: none but those that the server sets.
    ///   - body: The body.
    public init(properties: AMQPProperties = AMQPProperties(), body: ByteBuffer) {
        self.properties = properties
        self.body = body
    }
}
