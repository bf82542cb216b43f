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
    private static let unhandled: AMQPValue = .string(LambdaHeader.unhandled)
    private static let latest = AMQPTable.Entry(key: LambdaHeader.executedVersion, value: "$LATEST")

    /// The message for an outcome.
    package init(_ outcome: InvocationOutcome, requestID: String, correlationID: AMQPShortString?) {
        switch outcome {
        case .result(let reply):
            self.init(reply, isError: false, requestID: requestID, correlationID: correlationID)
        case .functionError(let reply):
            self.init(reply, isError: true, requestID: requestID, correlationID: correlationID)
        case .refused(let error):
            self.init(error, requestID: requestID, correlationID: correlationID)
        }
    }

    /// The message that says only that a request was checked: HTTP's 204.
    ///
    /// - Parameters:
    ///   - status: `StatusCode`.
    ///   - requestID: The request's id.
    ///   - correlationID: The caller's own id.
    package init(acknowledging status: Int32, requestID: String, correlationID: AMQPShortString?) {
        var headers = AMQPTable()
        headers[LambdaHeader.statusCode] = .int32(status)
        headers[LambdaHeader.requestID] = .string(requestID)
        self.body = ByteBuffer()
        self.properties = AMQPProperties(contentType: nil, correlationID: correlationID, headers: headers)
    }

    /// Makes this the last message of a stream.
    package mutating func endStream(sequence: Int, attempt: Int) {
        self.properties.headers?.entries.append(contentsOf: StreamChunkMessage.numbers(sequence, attempt: attempt))
        self.properties.headers?[LambdaHeader.streamEnd] = true
    }

    private init(_ reply: FunctionReply, isError: Bool, requestID: String, correlationID: AMQPShortString?) {
        var entries: [AMQPTable.Entry] = []
        entries.reserveCapacity(5)
        entries.append(Self.ok)
        if isError { entries.append(.init(key: LambdaHeader.functionError, value: Self.unhandled)) }
        if let version = reply.executedVersion, version != "$LATEST" {
            entries.append(.init(key: LambdaHeader.executedVersion, value: .string(version)))
        } else {
            entries.append(Self.latest)
        }
        if let tail = reply.logTail {
            entries.append(.init(key: LambdaHeader.logResult, value: .string(Base64.encode(tail.readableBytesView))))
        }
        entries.append(.init(key: LambdaHeader.requestID, value: .string(requestID)))
        self.body = reply.body
        self.properties = AMQPProperties(
            contentType: Self.contentType(reply.contentType), correlationID: correlationID,
            headers: AMQPTable(entries: entries))
    }

    private init(_ error: InvokeError, requestID: String, correlationID: AMQPShortString?) {
        var headers = AMQPTable()
        headers[LambdaHeader.statusCode] = .int32(Int32(error.kind.status))
        headers[LambdaHeader.errorType] = .string(error.kind.errorType)
        if let seconds = error.retryAfterSeconds { headers[LambdaHeader.retryAfter] = .string("\(seconds)") }
        headers[LambdaHeader.requestID] = .string(requestID)
        self.body = error.body
        self.properties = AMQPProperties(contentType: Self.json, correlationID: correlationID, headers: headers)
    }

    /// A runtime may send any content type; one that AMQP cannot carry is left out, the reply still goes.
    static func contentType(_ text: String?) -> AMQPShortString? {
        guard let text, text != "application/json" else { return Self.json }
        return text.utf8.count <= 255 ? AMQPShortString(text) : nil
    }
}
