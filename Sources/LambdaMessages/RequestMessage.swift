package import AMQP
package import LambdaProtocol

/// An invocation as an AMQP message, on its way out (design 4); ``InvocationMessage`` reads it.
package struct RequestMessage: Sendable {
    package var properties: AMQPProperties

    // Made once: every request has it.
    private static let json: AMQPShortString = "application/json"

    /// The `type` of a call whose `timestamp` is the moment from which its `expiration` counts.
    ///
    /// Together they are what the header `X-Lambda-Deadline-Ms` says, and RabbitMQ passes on properties for less
    /// (Benchmarks, "The client"). A `timestamp` alone is anybody's, and may be of an earlier attempt.
    package static let timedCall: AMQPShortString = "lambda-call"

    /// The message of an invocation whose caller waits: as long as its `expiration` says, from its `timestamp` on.
    ///
    /// - Parameters:
    ///   - request: The invocation.
    ///   - qualifier: The caller's, where there was one.
    package init(call request: InvocationRequest, qualifier: String?) {
        self.init(request, qualifier: qualifier, isPersistent: false)
        self.properties.type = Self.timedCall
        if request.wantsLogTail { self.properties.headers?[LambdaHeader.logType] = "Tail" }
        if let context = request.clientContext {
            self.properties.headers?[LambdaHeader.clientContext] = .string(Base64.encode(context.utf8))
        }
    }

    /// The message of an event: it is to survive a restart of the broker.
    ///
    /// - Parameters:
    ///   - event: The event.
    ///   - qualifier: The caller's, where there was one.
    ///   - now: When it was accepted, from which its age counts.
    package init(event request: InvocationRequest, qualifier: String?, now: EpochClock.Instant) {
        self.init(request, qualifier: qualifier, isPersistent: true)
        self.properties.headers?[LambdaHeader.invocationType] = .string(InvocationType.event.rawValue)
        self.properties.timestamp = UInt64(max(0, now.millisecondsSinceEpoch / 1000))
    }

    /// Asks for the answer in chunks.
    ///
    /// - Parameter credit: Bytes that the caller takes at first.
    package mutating func stream(credit: Int) {
        self.properties.headers?[LambdaHeader.responseMode] = .string(LambdaHeader.streaming)
        self.properties.headers?[LambdaHeader.streamCredit] = .int64(Int64(credit))
    }

    private init(_ request: InvocationRequest, qualifier: String?, isPersistent: Bool) {
        var entries: [AMQPTable.Entry] = []
        entries.reserveCapacity(4)
        if let traceID = request.traceID { entries.append(.init(key: LambdaHeader.traceID, value: .string(traceID))) }
        if let context = request.traceContext { entries += context.entries }
        if let tenantID = request.tenantID {
            entries.append(.init(key: LambdaHeader.tenantID, value: .string(tenantID)))
        }
        if let key = request.idempotencyKey {
            entries.append(.init(key: LambdaHeader.idempotencyKey, value: .string(key)))
        }
        if let qualifier { entries.append(.init(key: LambdaHeader.qualifier, value: .string(qualifier))) }
        self.properties = AMQPProperties(
            contentType: Self.json, isPersistent: isPersistent, headers: AMQPTable(entries: entries))
        self.properties.messageID = AMQPShortString(request.requestID)
    }
}
