package import AMQP
package import LambdaProtocol
package import NIOCore

/// An event as an AMQP message that may be published again: what a queue gave, without what belongs to one passage
/// through a queue only.
package struct EventMessage: Sendable {
    /// Two messages that agree in this are one event before one and the same attempt.
    package struct Identity: Sendable, Hashable {
        private let requestID: String
        private let attempt: Int
        private let refusals: Int
        private let acceptedSeconds: UInt64

        fileprivate init(_ message: EventMessage) {
            self.requestID = message.requestID
            self.attempt = message.attempt
            self.refusals = message.refusals
            self.acceptedSeconds = message.acceptedSeconds
        }
    }

    /// The invocation's, the same in every attempt.
    package let requestID: String
    /// Attempts made so far.
    package let attempt: Int
    /// How often it could not be started since then.
    package let refusals: Int
    /// When it was accepted, in seconds since the epoch: `timestamp`, else the time of its first delivery.
    package let acceptedSeconds: UInt64
    package let body: ByteBuffer
    /// With the request id and the time of acceptance.
    package let properties: AMQPProperties

    /// Reads a message.
    ///
    /// - Parameters:
    ///   - properties: As they came.
    ///   - body: The event.
    ///   - now: The time of acceptance of a message that does not say it.
    package init(_ properties: AMQPProperties, _ body: ByteBuffer, now: EpochClock.Instant) {
        let headers = InvocationHeaders(properties.headers)
        let nowSeconds = UInt64(max(0, now.millisecondsSinceEpoch / 1000))
        self.requestID = InvocationMessage.requestID(properties)
        self.attempt = headers.attemptCount
        self.refusals = min(max(0, headers.refusals ?? 0), 1_000_000)
        // Before 2001 nobody published an event: that is no time, but a number of something else.
        self.acceptedSeconds = properties.timestamp.map { $0 < 1_000_000_000 ? nowSeconds : $0 } ?? nowSeconds
        self.body = body
        self.properties = Self.cleaned(properties, requestID: self.requestID, acceptedSeconds: self.acceptedSeconds)
    }

    package var identity: Identity { Identity(self) }

    /// How long ago it was accepted; 0 for a publisher whose clock is ahead of ours.
    package func ageMilliseconds(at now: EpochClock.Instant) -> Int64 {
        let seconds = Int64(clamping: self.acceptedSeconds)
        let (age, overflows) = now.millisecondsSinceEpoch.subtractingReportingOverflow(
            seconds.multipliedReportingOverflow(by: 1000).overflow ? .max : seconds * 1000)
        return overflows ? 0 : max(0, age)
    }

    /// The properties for another attempt.
    ///
    /// `expiration` goes: it was for the wait for the first one.
    ///
    /// - Parameters:
    ///   - attempt: Attempts made by then.
    ///   - refusals: How often it could not be started since.
    package func properties(attempt: Int, refusals: Int = 0) -> AMQPProperties {
        var properties = self.properties
        properties.expiration = nil
        var headers = properties.headers ?? AMQPTable()
        headers.entries.removeAll { ["x-lambda-attempt", "x-lambda-refusals"].contains($0.key.lowercased()) }
        if attempt > 0 { headers[LambdaHeader.attempt] = .int64(Int64(attempt)) }
        if refusals > 0 { headers[LambdaHeader.refusals] = .int64(Int64(refusals)) }
        properties.headers = headers
        return properties
    }

    private static func cleaned(
        _ properties: AMQPProperties, requestID: String, acceptedSeconds: UInt64
    ) -> AMQPProperties {
        var result = properties.forAnotherPassage
        result.messageID = AMQPShortString(requestID)
        result.timestamp = acceptedSeconds
        result.deliveryMode = 2
        result.replyTo = nil
        if result.contentType == nil { result.contentType = "application/json" }
        return result
    }
}
