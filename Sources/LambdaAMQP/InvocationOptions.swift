/// What an invocation may ask for besides its event.
public struct InvocationOptions: Sendable {
    /// How long to wait for the answer, all attempts and pauses included.
    ///
    /// The request expires in its queue after the same time, and is not run then.
    ///
    /// Default: 60 s.
    public var timeout: Duration
    /// What is tried again.
    ///
    /// Default: nil, which is the client's ``LambdaClientConfiguration/retryPolicy``.
    public var retryPolicy: LambdaRetryPolicy?
    /// Whether running the function twice for this event does no harm: then what may have run is tried again, too.
    ///
    /// Default: false.
    public var isIdempotent: Bool
    /// A key, of 256 bytes at most, under which this event runs once: a daemon that has run it answers again with what it
    /// remembers.
    ///
    /// Remembered by each daemon for itself, for some minutes: two daemons of one function may both run it. An own
    /// header, `X-Lambda-Idempotency-Key`. Default: nil.
    public var idempotencyKey: String?
    /// A version or an alias, served from a queue of its own (`name:qualifier`).
    ///
    /// Default: nil, which is `$LATEST`.
    public var qualifier: String?
    /// A JSON object for the function's client context, as text.
    ///
    /// Default: nil.
    public var clientContext: String?
    /// Whether the last 4096 bytes of the invocation's log are wanted.
    ///
    /// Default: false.
    public var wantsLogTail: Bool
    /// An X-Ray trace header to pass on.
    ///
    /// Default: nil, which has the daemon make one.
    public var traceID: String?
    /// The W3C's trace header `traceparent` to pass on; where there is no ``traceID``, the function's trace is the same.
    ///
    /// Default: nil, which is the task's trace, where the process has a tracer.
    public var traceparent: String?
    /// The W3C's `tracestate`, which goes with ``traceparent``.
    ///
    /// Default: nil.
    public var tracestate: String?

    /// The defaults unless given.
    public init(
        timeout: Duration = .seconds(60), retryPolicy: LambdaRetryPolicy? = nil, isIdempotent: Bool = false,
        idempotencyKey: String? = nil, qualifier: String? = nil, clientContext: String? = nil, wantsLogTail: Bool = false,
        traceID: String? = nil, traceparent: String? = nil, tracestate: String? = nil
    ) {
        self.timeout = timeout
        self.retryPolicy = retryPolicy
        self.isIdempotent = isIdempotent
        self.idempotencyKey = idempotencyKey
        self.qualifier = qualifier
        self.clientContext = clientContext
        self.wantsLogTail = wantsLogTail
        self.traceID = traceID
        self.traceparent = traceparent
        self.tracestate = tracestate
    }
}
