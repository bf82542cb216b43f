/// The properties of a message: the content header of class basic (AMQP 0-9-1, 1.8).
public struct AMQPProperties: Sendable, Hashable {
    /// MIME content type.
    public var contentType: AMQPShortString?
    /// MIME content encoding.
    public var contentEncoding: AMQPShortString?
    /// The application's headers.
    public var headers: AMQPTable?
    /// 1: transient, 2: persistent.
    public var deliveryMode: UInt8?
    /// 0 to 255; RabbitMQ takes the smaller of this and the queue's `x-max-priority`.
    public var priority: UInt8?
    /// What the sender uses to match a reply with its request.
    public var correlationID: AMQPShortString?
    /// The queue that replies go to.
    public var replyTo: AMQPShortString?
    /// Time to live in milliseconds, as a decimal text.
    public var expiration: AMQPShortString?
    /// The application's identifier of the message.
    public var messageID: AMQPShortString?
    /// Seconds since 1970-01-01 UTC.
    public var timestamp: UInt64?
    /// The application's name for the kind of message.
    public var type: AMQPShortString?
    /// Where set, RabbitMQ checks that it is the connection's user.
    public var userID: AMQPShortString?
    /// The application that made the message.
    public var appID: AMQPShortString?
    /// Deprecated by AMQP; carried unchanged.
    public var clusterID: AMQPShortString?

    /// Why the headers of a received message were left out: a table that is nested deeper than 32 levels, has more than
    /// 100 000 entries, or is malformed. `nil` for every other message, and without meaning in one that is sent.
    public internal(set) var headersRefusal: String?

    /// No property set.
    public init() {}

    /// The properties that most messages need.
    ///
    /// - Parameters:
    ///   - contentType: MIME content type.
    ///   - isPersistent: Whether the broker keeps the message through a restart (in a durable queue).
    ///   - headers: The application's headers.
    public init(contentType: AMQPShortString?, isPersistent: Bool = false, headers: AMQPTable? = nil) {
        self.contentType = contentType
        self.deliveryMode = isPersistent ? 2 : nil
        self.headers = headers
    }

    /// ``expiration`` as a number of milliseconds, when it is one.
    public var expirationMilliseconds: Int64? {
        guard let expiration, expiration.byteCount <= 19 else { return nil }
        return Int64(expiration.string)
    }
}
