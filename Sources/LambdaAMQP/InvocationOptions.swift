/// What an invocation may ask for besides its event.
public struct InvocationOptions: Sendable {
    /// How long to wait for the answer, all attempts and pauses included; more than zero.
    ///
    /// The request expires in its queue after the same time, to the millisecond, and is not run then. For a stream it is
    /// the time of the whole answer, for an event that of the broker's confirm. Default: 60 s.
    public var timeout: Duration
    /// What is tried again.
    ///
    /// Default: ``LambdaRetryPolicy/standard``, which repeats only what has certainly not run.
    public var retryPolicy: LambdaRetryPolicy
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
    /// A JSON object for the function's client context, as text; 3583 bytes at most once it is base64.
    ///
    /// An event has none. Default: nil.
    public var clientContext: String?
    /// Whether the last 4096 bytes of the invocation's log are wanted.
    ///
    /// An event has none. Default: false.
    public var wantsLogTail: Bool
    /// An X-Ray trace header to pass on, `Root=…;Parent=…;Sampled=…`.
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
    ///
    /// - Parameters:
    ///   - timeout: How long to wait for the answer, all attempts included; more than zero. 60 s.
    ///   - retryPolicy: What is tried again. ``LambdaRetryPolicy/standard``.
    ///   - isIdempotent: Whether running the function twice for this event does no harm. False.
    ///   - idempotencyKey: A key, of 256 bytes at most, under which this event runs once. None.
    ///   - qualifier: A version or an alias. `$LATEST`.
    ///   - clientContext: A JSON object for the function, as text. None.
    ///   - wantsLogTail: Whether the last 4096 bytes of the invocation's log are wanted. False.
    ///   - traceID: An X-Ray trace header. None, so that the daemon makes one.
    ///   - traceparent: The W3C's trace header. The task's trace, where the process has a tracer.
    ///   - tracestate: The W3C's `tracestate`, which goes with `traceparent`. None.
    public init(
        timeout: Duration = .seconds(60), retryPolicy: LambdaRetryPolicy = .standard, isIdempotent: Bool = false,
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
