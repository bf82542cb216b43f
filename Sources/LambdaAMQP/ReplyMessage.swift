package import AMQP
package import LambdaProtocol
package import NIOCore

/// The reply to an invocation as an AMQP message (design 4): the body, `StatusCode`, and HTTP's response headers.
package struct ReplyMessage: Sendable {
    package var properties: AMQPProperties
    package var body: ByteBuffer

    // Made once: nearly every reply has just these.
    private static let json: AMQPShortString = "application/json"
    private static let ok = AMQPTable.Entry(key: LambdaHeader.statusCode, value: .int32(200))
    private static let latest = AMQPTable.Entry(key: LambdaHeader.executedVersion, value: "$LATEST")

    /// The message for an outcome.
    package init(_ outcome: InvocationOutcome, requestID: String, correlationID: AMQPShortString?) {
        var properties = AMQPProperties()
        properties.correlationID = correlationID
        var headers = AMQPTable()
        func set(_ name: String, _ value: String) {
            headers.entries.append(.init(key: name, value: .string(value)))
        }
        switch outcome {
        case .result(let reply), .functionError(let reply):
            self.body = reply.body
            properties.contentType =
                reply.contentType == nil || reply.contentType == "application/json"
                ? Self.json : reply.contentType.map { AMQPShortString($0) }
            headers.entries.reserveCapacity(4)
            headers.entries.append(Self.ok)
            if case .functionError = outcome { set(LambdaHeader.functionError, LambdaHeader.unhandled) }
            if let version = reply.executedVersion, version != "$LATEST" {
                set(LambdaHeader.executedVersion, version)
            } else {
                headers.entries.append(Self.latest)
            }
            if let tail = reply.logTail { set(LambdaHeader.logResult, Base64.encode(tail.readableBytesView)) }
        case .refused(let error):
            self.body = error.body
            properties.contentType = Self.json
            headers.entries.append(.init(key: LambdaHeader.statusCode, value: .int32(Int32(error.kind.status))))
            set(LambdaHeader.errorType, error.kind.errorType)
            if let seconds = error.retryAfterSeconds { set(LambdaHeader.retryAfter, "\(seconds)") }
        }
        set(LambdaHeader.requestID, requestID)
        // A runtime may send any content type; one that AMQP cannot carry is left out, the reply still goes.
        if properties.contentType?.byteCount ?? 0 > 255 { properties.contentType = nil }
        properties.headers = headers
        self.properties = properties
    }
}
