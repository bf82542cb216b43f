/// What `exchange.declare` says of an exchange.
public struct AMQPExchangeDeclaration: Sendable, Hashable {
    /// The exchange's name.
    public var name: String
    /// `direct`, `fanout`, `topic`, `headers`, or a plugin's type.
    public var type: String
    /// Whether it survives a restart of the broker.
    public var isDurable: Bool
    /// Whether it goes when its last binding goes.
    public var isAutoDelete: Bool
    /// Whether only other exchanges may publish to it.
    public var isInternal: Bool
    /// Arguments such as `alternate-exchange`.
    public var arguments: AMQPTable

    /// An exchange, durable unless said otherwise.
    ///
    /// - Parameters:
    ///   - name: Its name, 1 to 255 bytes; those that begin with `amq.` are the broker's own.
    ///   - type: `direct`, `fanout`, `topic`, `headers`, or a plugin's type; at most 255 bytes.
    ///   - isDurable: Whether it survives a restart of the broker. Default: true.
    ///   - isAutoDelete: Whether it goes when its last binding goes. Default: false.
    ///   - isInternal: Whether only other exchanges may publish to it. Default: false.
    ///   - arguments: Arguments such as `alternate-exchange`. Default: none.
    public init(
        name: String, type: String, isDurable: Bool = true, isAutoDelete: Bool = false, isInternal: Bool = false,
        arguments: AMQPTable = [:]
    ) {
        self.name = name
        self.type = type
        self.isDurable = isDurable
        self.isAutoDelete = isAutoDelete
        self.isInternal = isInternal
        self.arguments = arguments
    }
}

/// What `queue.declare` says of a queue.
public struct AMQPQueueDeclaration: Sendable, Hashable {
    /// The queue's name; empty has the broker make one.
    public var name: String
    /// Whether it survives a restart of the broker.
    public var isDurable: Bool
    /// Whether it belongs to this connection and goes with it.
    public var isExclusive: Bool
    /// Whether it goes when its last consumer goes.
    public var isAutoDelete: Bool
    /// Arguments such as `x-queue-type` or `x-expires`.
    public var arguments: AMQPTable

    /// A queue, durable and shared unless said otherwise.
    ///
    /// - Parameters:
    ///   - name: Its name, at most 255 bytes; those that begin with `amq.` are the broker's own. For an empty one the broker
    ///     makes a name, which ``AMQPChannel/declareQueue(_:)`` returns.
    ///   - isDurable: Whether it survives a restart of the broker. Default: true.
    ///   - isExclusive: Whether it belongs to this connection and goes with it. Default: false.
    ///   - isAutoDelete: Whether it goes when its last consumer goes. Default: false.
    ///   - arguments: Arguments such as `x-queue-type` or `x-expires`. Default: none.
    public init(
        name: String, isDurable: Bool = true, isExclusive: Bool = false, isAutoDelete: Bool = false,
        arguments: AMQPTable = [:]
    ) {
        self.name = name
        self.isDurable = isDurable
        self.isExclusive = isExclusive
        self.isAutoDelete = isAutoDelete
        self.arguments = arguments
    }

    /// A queue of this connection alone, named by the broker, gone with the connection: what replies are sent to.
    public static let serverNamedExclusive = AMQPQueueDeclaration(
        name: "", isDurable: false, isExclusive: true, isAutoDelete: true)
}

/// A binding of a queue to an exchange.
public struct AMQPQueueBinding: Sendable, Hashable {
    /// The queue.
    public var queue: String
    /// The exchange that messages come from.
    public var exchange: String
    /// The routing key, or topic pattern.
    public var routingKey: String
    /// Arguments, as a headers exchange matches them.
    public var arguments: AMQPTable

    /// Binds a queue to an exchange.
    ///
    /// - Parameters:
    ///   - queue: The queue, 1 to 255 bytes.
    ///   - exchange: The exchange that messages come from, 1 to 255 bytes.
    ///   - routingKey: The routing key, or topic pattern, at most 255 bytes. Default: empty.
    ///   - arguments: Arguments, as a headers exchange matches them. Default: none.
    public init(queue: String, exchange: String, routingKey: String = "", arguments: AMQPTable = [:]) {
        self.queue = queue
        self.exchange = exchange
        self.routingKey = routingKey
        self.arguments = arguments
    }
}

/// A binding of an exchange to another exchange (RabbitMQ's extension).
public struct AMQPExchangeBinding: Sendable, Hashable {
    /// The exchange that messages go to.
    public var destination: String
    /// The exchange that messages come from.
    public var source: String
    /// The routing key, or topic pattern.
    public var routingKey: String
    /// Arguments, as a headers exchange matches them.
    public var arguments: AMQPTable

    /// Binds one exchange to another.
    ///
    /// - Parameters:
    ///   - destination: The exchange that messages go to, 1 to 255 bytes.
    ///   - source: The exchange that messages come from, 1 to 255 bytes.
    ///   - routingKey: The routing key, or topic pattern, at most 255 bytes. Default: empty.
    ///   - arguments: Arguments, as a headers exchange matches them. Default: none.
    public init(destination: String, source: String, routingKey: String = "", arguments: AMQPTable = [:]) {
        self.destination = destination
        self.source = source
        self.routingKey = routingKey
        self.arguments = arguments
    }
}

/// What `basic.consume` asks for.
public struct AMQPConsumption: Sendable, Hashable {
    /// The queue to consume from; empty means the last that was declared on the channel.
    public var queue: String
    /// The consumer's name on its channel; for an empty one a name is made.
    public var consumerTag: AMQPShortString
    /// Whether the broker takes a message for acknowledged when it sends it.
    public var noAck: Bool
    /// Whether no other consumer may read the queue.
    public var isExclusive: Bool
    /// How many messages the consumer may hold unacknowledged: 1 to 65 535; zero is no limit.
    ///
    /// Default: nil, which is what ``AMQPChannel/setPrefetch(_:)`` has said, else 500. Without meaning with ``noAck``.
    public var prefetch: UInt16?
    /// Arguments such as `x-priority`, or `x-stream-offset` for a queue of type `stream`.
    ///
    /// They are sent again as they are after a lost connection: a stream's consumer that wants to go on where it was keeps
    /// the `x-stream-offset` header of the last message that it has handled, and consumes again from there.
    public var arguments: AMQPTable

    /// A consumer with manual acknowledgement unless said otherwise.
    ///
    /// - Parameters:
    ///   - queue: The queue to consume from, at most 255 bytes; empty is the last that was declared on the channel.
    ///   - consumerTag: The consumer's name on its channel, at most 255 bytes. Default: empty, for which a name is made.
    ///   - noAck: Whether the broker takes a message for acknowledged when it sends it. Default: false.
    ///   - isExclusive: Whether no other consumer may read the queue. Default: false.
    ///   - prefetch: How many messages the consumer may hold unacknowledged, 1 to 65 535; zero is no limit. Default: nil,
    ///     which is what ``AMQPChannel/setPrefetch(_:)`` has said, else 500.
    ///   - arguments: Arguments such as `x-priority`. Default: none.
    public init(
        queue: String, consumerTag: AMQPShortString = "", noAck: Bool = false, isExclusive: Bool = false,
        prefetch: UInt16? = nil, arguments: AMQPTable = [:]
    ) {
        self.queue = queue
        self.consumerTag = consumerTag
        self.noAck = noAck
        self.isExclusive = isExclusive
        self.prefetch = prefetch
        self.arguments = arguments
    }

    /// A consumer with a name of its own, as text; with manual acknowledgement unless said otherwise.
    ///
    /// - Parameters:
    ///   - queue: The queue to consume from, at most 255 bytes; empty is the last that was declared on the channel.
    ///   - consumerTag: The consumer's name on its channel, at most 255 bytes; for an empty one a name is made.
    ///   - noAck: Whether the broker takes a message for acknowledged when it sends it. Default: false.
    ///   - isExclusive: Whether no other consumer may read the queue. Default: false.
    ///   - prefetch: How many messages the consumer may hold unacknowledged, 1 to 65 535; zero is no limit. Default: nil,
    ///     which is what ``AMQPChannel/setPrefetch(_:)`` has said, else 500.
    ///   - arguments: Arguments such as `x-priority`. Default: none.
    public init(
        queue: String, consumerTag: String, noAck: Bool = false, isExclusive: Bool = false, prefetch: UInt16? = nil,
        arguments: AMQPTable = [:]
    ) {
        self.init(
            queue: queue, consumerTag: AMQPShortString(consumerTag), noAck: noAck, isExclusive: isExclusive,
            prefetch: prefetch, arguments: arguments)
    }
}
