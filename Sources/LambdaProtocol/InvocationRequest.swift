package import NIOCore

/// How a caller wants its invocation run (`X-Amz-Invocation-Type`, AWS Lambda API reference, Invoke).
package enum InvocationType: String, Sendable {
    /// The caller waits for the result.
    case requestResponse = "RequestResponse"
    /// The event is accepted, and run without anybody waiting.
    case event = "Event"
    /// Only the request is checked.
    case dryRun = "DryRun"
}

/// One invocation, as every way in (the Invoke API, AMQP) hands it on to whatever runs it.
package struct InvocationRequest: Sendable {
    /// The Lambda request id: a lower-case UUID, unique for each invocation.
    package var requestID: String
    /// The event, handed to the runtime byte for byte. Never empty: `{}` stands for "no payload".
    package var event: ByteBuffer
    /// The ARN that the runtime and the extensions are told; with the caller's qualifier where there was one.
    package var invokedFunctionARN: String
    /// The client context as single-line ASCII JSON text, already decoded from base64; `nil` where there was none.
    package var clientContext: String?
    /// The X-Ray trace header, with Root, Parent and Sampled.
    package var traceID: String?
    /// The caller's trace in the words of the W3C; carried along, and not shown to the runtime.
    package var traceContext: TraceContext?
    /// `X-Amz-Tenant-Id`, passed to the runtime.
    package var tenantID: String?
    /// `X-Amz-Log-Type: Tail` was asked for.
    package var wantsLogTail: Bool
    /// Invocations with the same key are one, as far as whoever runs them remembers; `nil` for nearly all.
    package var idempotencyKey: String?
    /// The last moment at which starting still makes sense to the caller; `nil` when the caller did not say.
    package var startDeadline: NIODeadline?

    package init(
        requestID: String, event: ByteBuffer, invokedFunctionARN: String, clientContext: String? = nil,
        traceID: String? = nil, traceContext: TraceContext? = nil, tenantID: String? = nil, wantsLogTail: Bool = false,
        idempotencyKey: String? = nil, startDeadline: NIODeadline? = nil
    ) {
        self.requestID = requestID
        self.event = event
        self.invokedFunctionARN = invokedFunctionARN
        self.clientContext = clientContext
        self.traceID = traceID
        self.traceContext = traceContext
        self.tenantID = tenantID
        self.wantsLogTail = wantsLogTail
        self.idempotencyKey = idempotencyKey
        self.startDeadline = startDeadline
    }
}
