public import AMQP
public import Logging

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
    /// Whether callers may ask for several replies, see ``RPCContext/send(_:)``.
    ///
    /// It costs a queue of the server's own, to which callers say how much they take. Where not, such a caller gets one
    /// reply.
    ///
    /// Default: false.
    public var allowsStreams: Bool
    /// How replies to requests with an idempotency key are remembered; nil takes no notice of keys.
    ///
    /// Default: nil.
    public var rememberedReplies: RPCRememberedReplies?
    /// How long what is being handled has to end, from when the server is told to stop; zero gives it up at once.
    ///
    /// Default: 30 seconds.
    public var shutdownTimeout: Duration
    /// Where the server logs, also what handlers throw that is no ``RPCFault``; nil for the connection's logger.
    ///
    /// A connection that was given no logger logs nothing, so then nobody sees why a handler failed.
    ///
    /// Default: nil.
    public var logger: Logger?
    /// Who is told of each request.
    ///
    /// Default: what the process has set up.
    public var observability: RPCObservability

    /// A server of a durable queue of this name, unless said otherwise.
    ///
    /// - Parameters:
    ///   - queue: The queue to consume.
    ///   - declaresQueue: Whether to declare it.
    ///   - concurrency: How many requests are handled at once, 1 to 65 535.
    ///   - allowsStreams: Whether callers may ask for several replies.
    ///   - rememberedReplies: How replies to requests with an idempotency key are remembered.
    ///   - shutdownTimeout: How long what is being handled has to end when the server stops.
    ///   - logger: Where the server logs; nil for the connection's logger.
    ///   - observability: Who is told of each request.
    public init(
        queue: AMQPQueueDeclaration, declaresQueue: Bool = true, concurrency: Int = 1, allowsStreams: Bool = false,
        rememberedReplies: RPCRememberedReplies? = nil, shutdownTimeout: Duration = .seconds(30),
        logger: Logger? = nil, observability: RPCObservability = RPCObservability()
    ) {
        self.queue = queue
        self.declaresQueue = declaresQueue
        self.concurrency = concurrency
        self.allowsStreams = allowsStreams
        self.rememberedReplies = rememberedReplies
        self.shutdownTimeout = shutdownTimeout
        self.logger = logger
        self.observability = observability
    }
}

/// How many replies a server remembers, so that a request that comes again is answered and not handled again.
///
/// They are kept in the server's memory: another server of the same queue knows nothing of them, nor does this one after
/// a restart. What must never happen twice needs a store that all servers share.
public struct RPCRememberedReplies: Sendable, Hashable {
    /// How many replies are kept at most; the oldest go first.
    ///
    /// Default: 10 000.
    public var count: Int
    /// How many bytes they may take together, bodies, properties and keys; a reply larger than that is not kept.
    ///
    /// Default: 16 MiB.
    public var byteCount: Int
    /// How long a reply is kept.
    ///
    /// Default: 10 minutes.
    public var duration: Duration

    /// The defaults unless given.
    ///
    /// - Parameters:
    ///   - count: How many replies are kept at most.
    ///   - byteCount: How many bytes they may take together.
    ///   - duration: How long a reply is kept.
    public init(count: Int = 10_000, byteCount: Int = 16 * 1024 * 1024, duration: Duration = .seconds(600)) {
        self.count = count
        self.byteCount = byteCount
        self.duration = duration
    }
}
