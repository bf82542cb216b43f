package import AMQP
package import NIOCore

/// What makes two deliveries one message, where nothing but the broker's word `redelivered` says so.
///
/// AMQP gives a message no identity of its own: correlation ids are any bytes, and may repeat. So everything has to
/// agree that its publisher may have chosen: `message_id`, `reply_to`, `correlation_id` and the event. Two messages that
/// agree in all of it are one to everybody but their publisher, and each run is joined by one delivery only.
package struct CallIdentity: Hashable, Sendable {
    private let messageID: AMQPShortString?
    private let replyTo: AMQPShortString?
    private let correlationID: AMQPShortString?
    private let event: EventDigest

    /// - Parameters:
    ///   - properties: Of the message, as it was delivered.
    ///   - event: Its body.
    /// - Returns: `nil` for a message to which its publisher gave no id of any kind: the next one of the same event may
    ///   well be another call.
    package init?(_ properties: AMQPProperties, event: ByteBuffer) {
        guard properties.messageID != nil || properties.correlationID != nil else { return nil }
        self.messageID = properties.messageID
        self.replyTo = properties.replyTo
        self.correlationID = properties.correlationID
        self.event = EventDigest(event)
    }
}
