package import AMQP
package import LambdaProtocol
package import NIOCore

/// An event that has failed for good, as its queue has it: a record (contract 11.2) with the event in it, or the event
/// alone where the broker put it there.
package struct DeadLetter: Sendable {
    package let requestID: String
    /// As the function would get it.
    package let event: ByteBuffer
    /// The record, or the event.
    package let body: ByteBuffer
    /// Attempts made.
    package let attempts: Int
    /// Why it has ended: `RetriesExhausted`, `EventAgeExceeded`.
    package let condition: String?
    /// The error's message, or its beginning.
    package let error: String?
    /// When the event was accepted, ISO 8601.
    package let acceptedAt: String?
    private let properties: AMQPProperties

    /// Reads a message.
    package init(_ properties: AMQPProperties, _ body: ByteBuffer) {
        let headers = properties.headers
        self.properties = properties
        self.requestID = properties.messageID?.string ?? "-"
        self.body = body
        self.event = Self.event(in: body, headers)
        self.attempts = headers?[LambdaHeader.attempt]?.decimalValue ?? 0
        self.condition = headers?[LambdaHeader.condition]?.stringValue
        self.error = headers?["ErrorMessage"]?.stringValue
        self.acceptedAt = properties.timestamp.map {
            EpochClock.Instant(millisecondsSinceEpoch: Int64(min($0, 253_402_300_799)) * 1000).iso8601
        }
    }

    /// The message that has the event run again, as if it had just been accepted.
    ///
    /// - Parameter now: The time of acceptance.
    package func replay(now: EpochClock.Instant) -> AMQPMessage {
        var properties = EventMessage(self.properties, self.event, now: now).properties(attempt: 0)
        properties.timestamp = UInt64(max(0, now.millisecondsSinceEpoch / 1000))
        properties.headers?.entries.removeAll { Self.ownHeaders.contains($0.key) }
        return AMQPMessage(self.event, properties: properties)
    }

    private static let ownHeaders: Set<String> = [
        "RequestID", "ErrorCode", "ErrorMessage", LambdaHeader.condition, LambdaHeader.eventRange,
        LambdaHeader.eventEncoding,
    ]

    private static func event(in body: ByteBuffer, _ headers: AMQPTable?) -> ByteBuffer {
        guard let range = headers?[LambdaHeader.eventRange]?.stringValue else { return body }
        let numbers = range.split(separator: " ").compactMap { Int($0) }
        guard numbers.count == 2, numbers[0] >= 0, numbers[1] >= 0, numbers[0] <= body.readableBytes,
            let slice = body.getSlice(at: body.readerIndex + numbers[0], length: numbers[1])
        else { return body }
        guard headers?[LambdaHeader.eventEncoding]?.stringValue == "base64" else { return slice }
        return Base64.decode(String(buffer: slice)).map { ByteBuffer(bytes: $0) } ?? slice
    }
}
