package import LambdaProtocol
package import NIOCore

/// What destinations and dead letters say of an event that has ended (contract 11.2).
package struct EventRecord: Sendable {
    /// The record as JSON text.
    package let body: ByteBuffer
    /// Where in it the event stands, byte for byte as it was; for one that is no JSON, as base64.
    package let eventRange: Range<Int>
    /// Whether the event is no JSON.
    package let isBase64: Bool

    /// - Parameters:
    ///   - requestID: The invocation's.
    ///   - functionARN: With a qualifier, always.
    ///   - condition: Why it has ended.
    ///   - attempts: Attempts made.
    ///   - event: As it was published.
    ///   - outcome: Of the last attempt; `nil` where there was none.
    ///   - now: The record's time.
    package init(
        requestID: String, functionARN: String, condition: EventPolicy.Condition, attempts: Int, event: ByteBuffer,
        outcome: InvocationOutcome?, now: EpochClock.Instant
    ) {
        let context = JSONText.object([
            ("requestId", JSONText.string(requestID)), ("functionArn", JSONText.string(functionARN)),
            ("condition", JSONText.string(condition.rawValue)), ("approximateInvokeCount", String(attempts)),
        ])
        var body = ByteBuffer()
        body.writeString(#"{"version":"1.0","timestamp":"\#(now.iso8601)","requestContext":\#(context)"#)
        body.writeString(#","requestPayload":"#)
        let event = event.readableBytes > 0 ? event : ByteBuffer(string: "{}")
        self.isBase64 = JSONValidator.validate(event) != nil
        if self.isBase64 { body.writeString("\"") }
        let start = body.writerIndex
        if self.isBase64 {
            body.writeString(event.withUnsafeReadableBytes { Base64.encode($0) })
        } else {
            body.writeImmutableBuffer(event)
        }
        self.eventRange = start..<body.writerIndex
        if self.isBase64 { body.writeString("\"") }
        if let reply = outcome?.reply { Self.write(reply, isError: outcome?.isFunctionError == true, to: &body) }
        body.writeString("}")
        self.body = body
    }

    private static func write(_ reply: FunctionReply, isError: Bool, to body: inout ByteBuffer) {
        var context = [
            ("statusCode", "200"), ("executedVersion", JSONText.string(reply.executedVersion ?? "$LATEST")),
        ]
        if isError { context.append(("functionError", JSONText.string(LambdaHeader.unhandled))) }
        body.writeString(#","responseContext":\#(JSONText.object(context)),"responsePayload":"#)
        if reply.body.readableBytes == 0 {
            body.writeString("null")
        } else if JSONValidator.validate(reply.body) == nil {
            body.writeImmutableBuffer(reply.body)
        } else {
            // Not what a function should answer; nobody is to lose it for that.
            body.writeString(JSONText.string(String(buffer: reply.body)))
        }
    }
}

extension InvocationOutcome {
    /// What the function answered; `nil` where it did not run to an end.
    var reply: FunctionReply? {
        switch self {
        case .result(let reply), .functionError(let reply): reply
        case .refused: nil
        }
    }

    var isFunctionError: Bool { if case .functionError = self { true } else { false } }
}
