public import Logging

/// How an ``RPCClient`` gets its replies and sends its requests.
public struct RPCClientConfiguration: Sendable {
    /// Where replies come to.
    public enum ReplyQueue: Sendable, Hashable {
        /// A queue of this client's connection, named by the broker anew on each connection. For many calls: a burst of
        /// replies waits in it.
        case exclusive
        /// RabbitMQ's direct reply-to, which costs no queue: for a few calls, since a reply that cannot be passed on at
        /// once is dropped.
        case direct
    }

    /// Where replies come to.
    ///
    /// Default: ``ReplyQueue/exclusive``.
    public var replyQueue: ReplyQueue
    /// Whether the broker confirms each request.
    ///
    /// A queue that is full and says `reject-publish` then fails the call at once (`nacked`), at
    /// the price of one more frame a call; without it such a call times out.
    ///
    /// Default: false.
    public var confirmsRequests: Bool
    /// How many calls may wait for the socket to take their requests; further ones fail at once.
    ///
    /// Default: 1024.
    public var unsentLimit: Int
    /// How many bytes the bodies of these may have; one that waits alone may have more.
    ///
    /// Default: 64 MiB.
    public var unsentByteLimit: Int
    /// Where the client logs; nil for the connection's logger.
    ///
    /// Default: nil.
    public var logger: Logger?
    /// Who is told of each call.
    ///
    /// Default: what the process has set up.
    public var observability: RPCObservability

    /// The defaults unless given.
    ///
    /// - Parameters:
    ///   - replyQueue: Where replies come to. Default: a queue of the client's own.
    ///   - confirmsRequests: Whether the broker confirms each request. Default: false.
    ///   - unsentLimit: How many calls may wait for the socket to take their requests. Default: 1024.
    ///   - unsentByteLimit: How many bytes the bodies of these may have. Default: 64 MiB.
    ///   - logger: Where the client logs. Default: nil, which is the connection's logger.
    ///   - observability: Who is told of each call. Default: what the process has set up.
    public init(
        replyQueue: ReplyQueue = .exclusive, confirmsRequests: Bool = false, unsentLimit: Int = 1024,
        unsentByteLimit: Int = 64 * 1024 * 1024, logger: Logger? = nil,
        observability: RPCObservability = RPCObservability()
    ) {
        self.replyQueue = replyQueue
        self.confirmsRequests = confirmsRequests
        self.unsentLimit = unsentLimit
        self.unsentByteLimit = unsentByteLimit
        self.logger = logger
        self.observability = observability
    }
}
