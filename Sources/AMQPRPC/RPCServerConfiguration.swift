public import AMQP

/// What an ``RPCServer`` consumes, and how much at a time.
public struct RPCServerConfiguration: Sendable {
    /// The queue.
    ///
    /// It is declared like this on each connection, unless ``declaresQueue`` is false.
    public var queue: AMQPQueueDeclaration
    /// Whether to declare the queue.
    ///
    /// Where not, it must exist; only its name counts then.
    ///
    /// Default: true.
    public var declaresQueue: Bool
    /// How many requests are handled at once, 1 to 65 535.
    ///
    /// The broker delivers no more than that.
    ///
    /// Default: 1.
    public var concurrency: Int
    /// Who is told of each request.
    ///
    /// Default: what the process has set up.
    public var observability: RPCObservability

    /// A server of a durable queue of this name, unless said otherwise.
    public init(
        queue: AMQPQueueDeclaration, declaresQueue: Bool = true, concurrency: Int = 1,
        observability: RPCObservability = RPCObservability()
    ) {
        self.queue = queue
        self.declaresQueue = declaresQueue
        self.concurrency = concurrency
        self.observability = observability
    }
}

/// What becomes of a request.
public enum RPCAnswer: Sendable {
    /// The reply goes to the caller, and the request is acknowledged. Without a `replyTo` there is nobody to reply to.
    case reply(RPCReply)
    /// The request is acknowledged; nobody is told.
    case noReply
    /// The request is refused: with `requeue` it goes back to its queue, else to the queue's dead letters, if any.
    case reject(requeue: Bool)
}
