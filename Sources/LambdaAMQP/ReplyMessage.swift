package import AMQP
package import LambdaProtocol
package import NIOCore

/// The reply to an invocation as an AMQP message (design 4): the body, `StatusCode`, and HTTP's response headers.
package struct ReplyMessage: Sendable {
    package var properties: AMQPProperties
    package var body: ByteBuffer

    private static let json: AMQPShortString = "application/json"

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
            properties.contentType = reply.contentType.map { AMQPShortString($0) } ?? Self.json
            headers.entries.append(.init(key: LambdaHeader.statusCode, value: .int32(200)))
            if case .functionError = outcome { set(LambdaHeader.functionError, LambdaHeader.unhandled) }
            set(LambdaHeader.executedVersion, reply.executedVersion ?? "$LATEST")
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
