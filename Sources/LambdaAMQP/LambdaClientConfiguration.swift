public import AMQPRPC
public import FoundationEssentials

/// How a ``LambdaClient`` works.
public struct LambdaClientConfiguration: Sendable {
    /// The options of invocations that are made without any; one that has its own takes nothing from here.
    ///
    /// To change one thing for one call, copy these from ``LambdaClient/configuration``. Default: those of
    /// ``InvocationOptions``: 60 s, and ``LambdaRetryPolicy/standard``, which repeats only what has certainly not run.
    public var defaultOptions: InvocationOptions
    /// Where answers come to: a queue of the client's own, or RabbitMQ's direct reply-to for a few calls, without streams.
    ///
    /// Default: a queue of its own.
    public var replyQueue: RPCClientConfiguration.ReplyQueue
    /// Whether the broker confirms each request.
    ///
    /// A queue that is full and says `reject-publish` then fails the invocation at once (`tooManyRequests`), at the price of
    /// one more frame a call; without it such a call ends at its time-out. Events are confirmed always. Default: false.
    public var confirmsRequests: Bool
    /// How many invocations may wait for the socket to take their requests; further ones fail at once (`unavailable`).
    ///
    /// 0 or more. Default: 1024.
    public var unsentLimit: Int
    /// How many bytes the events of these may have together; one that waits alone may have more.
    ///
    /// 0 or more. Default: 64 MiB.
    public var unsentByteLimit: Int
    /// How long ``LambdaClient/run()`` waits for the calls under way when it is to shut down gracefully.
    ///
    /// Zero: it does not. Default: 10 s.
    public var shutdownTimeout: Duration
    /// Makes events of values.
    ///
    /// Default: a `JSONEncoder` as it is made.
    public var encoder: JSONEncoder
    /// Makes values of results.
    ///
    /// Default: a `JSONDecoder` as it is made.
    public var decoder: JSONDecoder
    /// Who is told of each invocation: metrics and traces.
    ///
    /// Default: what the process has set up by now.
    public var observability: RPCObservability

    /// The defaults unless given.
    ///
    /// - Parameters:
    ///   - defaultOptions: The options of invocations that are made without any.
    ///   - replyQueue: Where answers come to. A queue of the client's own.
    ///   - confirmsRequests: Whether the broker confirms each request, so that a full queue is told at once. False.
    ///   - unsentLimit: How many invocations may wait for the socket to take their requests. 1024.
    ///   - unsentByteLimit: How many bytes the events of these may have together. 64 MiB.
    ///   - shutdownTimeout: How long calls under way may take to end at a graceful shutdown. 10 s.
    ///   - encoder: Makes events of values.
    ///   - decoder: Makes values of results.
    ///   - observability: Who is told of each invocation. What the process has set up by now.
    public init(
        defaultOptions: InvocationOptions = InvocationOptions(),
        replyQueue: RPCClientConfiguration.ReplyQueue = .exclusive, confirmsRequests: Bool = false,
        unsentLimit: Int = 1024, unsentByteLimit: Int = 64 * 1024 * 1024, shutdownTimeout: Duration = .seconds(10),
        encoder: JSONEncoder = JSONEncoder(), decoder: JSONDecoder = JSONDecoder(),
        observability: RPCObservability = RPCObservability()
    ) {
        self.defaultOptions = defaultOptions
        self.replyQueue = replyQueue
        self.confirmsRequests = confirmsRequests
        self.unsentLimit = unsentLimit
        self.unsentByteLimit = unsentByteLimit
        self.shutdownTimeout = shutdownTimeout
        self.encoder = encoder
        self.decoder = decoder
        self.observability = observability
    }

    /// The same, as the client of the replies has it. An invocation has a span and metrics of its own.
    var replies: RPCClientConfiguration {
        RPCClientConfiguration(
            replyQueue: self.replyQueue, confirmsRequests: self.confirmsRequests, unsentLimit: self.unsentLimit,
            unsentByteLimit: self.unsentByteLimit, observability: .none)
    }
}
