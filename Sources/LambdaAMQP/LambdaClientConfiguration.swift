public import AMQPRPC
public import FoundationEssentials

/// How a ``LambdaClient`` works.
public struct LambdaClientConfiguration: Sendable {
    /// Where the replies come to: a queue of the client's own, or RabbitMQ's direct reply-to for a few calls.
    ///
    /// Default: a queue. Its `observability` is not used; the client has its own.
    public var replies: RPCClientConfiguration
    /// What is tried again, for invocations that do not say it themselves.
    ///
    /// Default: ``LambdaRetryPolicy/standard``, which repeats only what has certainly not run.
    public var retryPolicy: LambdaRetryPolicy
    /// How long ``LambdaClient/run()`` waits for the calls under way when it is to shut down gracefully.
    ///
    /// Default: 10 s.
    public var shutdownTimeout: Duration
    /// Makes events of values.
    public var encoder: JSONEncoder
    /// Makes values of results.
    public var decoder: JSONDecoder
    /// Who is told of each invocation.
    ///
    /// Default: what the process has set up by now.
    public var observability: RPCObservability

    /// The defaults unless given.
    public init(
        replies: RPCClientConfiguration = RPCClientConfiguration(), retryPolicy: LambdaRetryPolicy = .standard,
        shutdownTimeout: Duration = .seconds(10), encoder: JSONEncoder = JSONEncoder(),
        decoder: JSONDecoder = JSONDecoder(), observability: RPCObservability = RPCObservability()
    ) {
        self.replies = replies
        self.retryPolicy = retryPolicy
        self.shutdownTimeout = shutdownTimeout
        self.encoder = encoder
        self.decoder = decoder
        self.observability = observability
    }
}
