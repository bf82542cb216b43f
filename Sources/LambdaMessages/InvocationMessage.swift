package import AMQP
package import LambdaProtocol
package import NIOCore

/// An invocation as an AMQP message: what the wire contract says of a request (design 4).
package struct InvocationMessage: Sendable {
    package var request: InvocationRequest
    /// Where the answer goes; `nil` when nobody waits.
    package var replyTo: AMQPShortString?
    /// The caller's own id, echoed untouched.
    package var correlationID: AMQPShortString?
    package var invocationType: InvocationType
    /// The qualifier that the caller named.
    package var qualifier: String?
    /// How the caller takes the answer in chunks; `nil` for one who wants it whole.
    package var stream: StreamRequest?
    /// Attempts that were lost, where the message was published again for that.
    package var attempt = 0

    /// Reads a delivery.
    ///
    /// - Parameters:
    ///   - configuration: What the function takes.
    ///   - now: The loop's clock and the wall clock at the time of the delivery.
    /// - Returns: the invocation, or what to answer instead of running it.
    package static func read(
        _ properties: AMQPProperties, _ body: ByteBuffer, configuration: InvocationMessageConfiguration,
        now: NIODeadline, wallClock: EpochClock.Instant
    ) -> Result<InvocationMessage, InvokeError> {
        do throws(InvokeError) {
            return .success(try Self.message(properties, body, configuration, now: now, wallClock: wallClock))
        } catch {
            return .failure(error)
        }
    }

    private static func message(
        _ properties: AMQPProperties, _ body: ByteBuffer, _ configuration: InvocationMessageConfiguration,
        now: NIODeadline, wallClock: EpochClock.Instant
    ) throws(InvokeError) -> InvocationMessage {
        if let refusal = properties.headersRefusal {
            throw InvokeError(.invalidRequestContent, "The message's headers cannot be read: \(refusal)")
        }
        let headers = InvocationHeaders(properties.headers)
        if let refusal = headers.refusal { throw refusal }
        let type = try InvocationType.parse(headers.invocationType).get()
        let replyTo = properties.replyTo
        let event = try Self.event(body, isAwaited: replyTo != nil, configuration).get()
        // An event's context is not passed on (contract 11.1).
        let context = replyTo == nil ? nil : headers.clientContext
        let request = InvocationRequest(
            requestID: Self.requestID(properties), event: event,
            invokedFunctionARN: configuration.invokedFunctionARN(qualifier: headers.qualifier),
            clientContext: try context.map { ClientContext.decode($0, limits: configuration.limits) }?.get(),
            traceID: TraceHeader.complete(headers.traceID, context: headers.traceContext, now: wallClock),
            traceContext: headers.traceContext, tenantID: headers.tenantID, wantsLogTail: headers.logType == "Tail",
            idempotencyKey: headers.idempotencyKey?.isEmpty == true ? nil : headers.idempotencyKey,
            startDeadline: try Self.startDeadline(properties, headers, configuration, now: now, wallClock: wallClock))
        let isStreamed = headers.responseMode != nil && replyTo != nil && type == .requestResponse
        return InvocationMessage(
            request: request, replyTo: replyTo, correlationID: properties.correlationID, invocationType: type,
            qualifier: headers.qualifier, stream: isStreamed ? try StreamRequest.read(headers).get() : nil,
            attempt: headers.attemptCount)
    }

    private static func event(
        _ body: ByteBuffer, isAwaited: Bool, _ configuration: InvocationMessageConfiguration
    ) -> Result<ByteBuffer, InvokeError> {
        let type: InvocationType = isAwaited ? .requestResponse : .event
        let limit = isAwaited ? configuration.limits.requestByteCount : configuration.limits.eventByteCount
        guard body.readableBytes <= limit else {
            return .failure(.payloadTooLarge(byteCount: body.readableBytes, type: type, limit: limit))
        }
        return EventPayload.check(body, requiresJSON: configuration.requiresJSON)
    }

    /// `message_id` where it is a UUID, else a new one.
    static func requestID(_ properties: AMQPProperties) -> String {
        guard let id = properties.messageID, id.byteCount == 36 else { return RequestID.make() }
        let text = id.string.lowercased()
        return RequestID.isValid(text) ? text : RequestID.make()
    }

    /// The last moment to start: `expiration` counts from our receipt, and the caller's own instant bounds it, with the
    /// allowance for clocks that differ between hosts.
    private static func startDeadline(
        _ properties: AMQPProperties, _ headers: InvocationHeaders, _ configuration: InvocationMessageConfiguration,
        now: NIODeadline, wallClock: EpochClock.Instant
    ) throws(InvokeError) -> NIODeadline? {
        var deadline: NIODeadline?
        if let expiration = properties.expirationMilliseconds, expiration < Int64(Int32.max) {
            deadline = now + .milliseconds(expiration)
        }
        if let instant = Self.deadline(properties, headers) {
            let left = instant - wallClock.millisecondsSinceEpoch + configuration.clockSkewMilliseconds
            guard left >= 0 else {
                throw InvokeError(.requestExpired, "The request expired before it ran")
            }
            let callers = now + .milliseconds(min(left, Int64(Int32.max)))
            deadline = min(deadline ?? callers, callers)
        }
        return deadline
    }

    /// When the caller gives up by its own clock, in milliseconds since the epoch, where the message says it.
    private static func deadline(_ properties: AMQPProperties, _ headers: InvocationHeaders) -> Int64? {
        // Anybody may send any number: 2^53 ms are beyond every clock, and leave room to calculate with.
        let limit: Int64 = 1 << 53
        if let any = headers.deadlineMilliseconds { return min(max(any, -limit), limit) }
        guard properties.type == RequestMessage.timedCall, let began = properties.timestamp,
            let wait = properties.expirationMilliseconds
        else { return nil }
        // Whole seconds: it may have been almost one later.
        return Int64(min(began, UInt64(limit) / 1000)) * 1000 + 1000 + min(wait, limit)
    }
}

/// What a function's messages are read with.
package struct InvocationMessageConfiguration: Sendable {
    package let arn: FunctionARN
    /// Made once, for the usual invocation without a qualifier.
    private let unqualifiedARN: String
    package var limits: LambdaLimits
    /// Whether an event has to be JSON.
    package var requiresJSON: Bool
    /// How far the clocks of a caller's host and of this one may be apart, in milliseconds.
    package var clockSkewMilliseconds: Int64

    package init(
        arn: FunctionARN, limits: LambdaLimits = LambdaLimits(), requiresJSON: Bool = true,
        clockSkewMilliseconds: Int64 = 5000
    ) {
        self.arn = arn
        self.unqualifiedARN = arn.text()
        self.limits = limits
        self.requiresJSON = requiresJSON
        self.clockSkewMilliseconds = clockSkewMilliseconds
    }
    func invokedFunctionARN(qualifier: String?) -> String {
        qualifier.map { self.arn.text(qualifier: $0) } ?? self.unqualifiedARN
    }
}
