/// The properties of a message: the content header of class basic (AMQP 0-9-1, 1.8).
///
/// A value like any other, kept on the heap and copied when it is changed: a message is passed through many hands, and
/// fourteen fields are much to carry along.
public struct AMQPProperties: Sendable {
    private var storage: Storage

    /// MIME content type.
    public var contentType: AMQPShortString? {
        get { self.storage.fields.contentType }
        set { self.uniqueStorage().fields.contentType = newValue }
    }
    /// MIME content encoding.
    public var contentEncoding: AMQPShortString? {
        get { self.storage.fields.contentEncoding }
        set { self.uniqueStorage().fields.contentEncoding = newValue }
    }
    /// The application's headers.
    public var headers: AMQPTable? {
        get { self.storage.fields.headers }
        set { self.uniqueStorage().fields.headers = newValue }
    }
    /// 1: transient, 2: persistent.
    public var deliveryMode: UInt8? {
        get { self.storage.fields.deliveryMode }
        set { self.uniqueStorage().fields.deliveryMode = newValue }
    }
    /// 0 to 255; RabbitMQ takes the smaller of this and the queue's `x-max-priority`.
    public var priority: UInt8? {
        get { self.storage.fields.priority }
        set { self.uniqueStorage().fields.priority = newValue }
    }
    /// What the sender uses to match a reply with its request.
    public var correlationID: AMQPShortString? {
        get { self.storage.fields.correlationID }
        set { self.uniqueStorage().fields.correlationID = newValue }
    }
    /// The queue that replies go to.
    public var replyTo: AMQPShortString? {
        get { self.storage.fields.replyTo }
        set { self.uniqueStorage().fields.replyTo = newValue }
    }
    /// Time to live in milliseconds, as a decimal text.
    public var expiration: AMQPShortString? {
        get { self.storage.fields.expiration }
        set { self.uniqueStorage().fields.expiration = newValue }
    }
    /// The application's identifier of the message.
    public var messageID: AMQPShortString? {
        get { self.storage.fields.messageID }
        set { self.uniqueStorage().fields.messageID = newValue }
    }
    /// Seconds since 1970-01-01 UTC.
    public var timestamp: UInt64? {
        get { self.storage.fields.timestamp }
        set { self.uniqueStorage().fields.timestamp = newValue }
    }
    /// The application's name for the kind of message.
    public var type: AMQPShortString? {
        get { self.storage.fields.type }
        set { self.uniqueStorage().fields.type = newValue }
    }
    /// Where set, RabbitMQ checks that it is the connection's user.
    public var userID: AMQPShortString? {
        get { self.storage.fields.userID }
        set { self.uniqueStorage().fields.userID = newValue }
    }
    /// The application that made the message.
    public var appID: AMQPShortString? {
        get { self.storage.fields.appID }
        set { self.uniqueStorage().fields.appID = newValue }
    }
    /// Deprecated by AMQP; carried unchanged.
    public var clusterID: AMQPShortString? {
        get { self.storage.fields.clusterID }
        set { self.uniqueStorage().fields.clusterID = newValue }
    }
    /// Why the headers of a received message were left out; nil for every other message.
    ///
    /// They were nested deeper than 32 levels, had more than 100 000 entries, or were malformed. Without meaning in a
    /// message that is sent.
    public internal(set) var headersRefusal: String? {
        get { self.storage.fields.headersRefusal }
        set { self.uniqueStorage().fields.headersRefusal = newValue }
    }

    /// No property set.
    public init() {
        self.storage = .empty
    }

    /// The properties that most messages need.
    ///
    /// - Parameters:
    ///   - contentType: MIME content type, at most 255 bytes; nil for none.
    ///   - isPersistent: Whether the broker keeps the message through a restart (in a durable queue). Default: false.
    ///   - correlationID: What the sender uses to match a reply with its request, at most 255 bytes. Default: none.
    ///   - headers: The application's headers. Default: none.
    public init(
        contentType: AMQPShortString?, isPersistent: Bool = false, correlationID: AMQPShortString? = nil,
        headers: AMQPTable? = nil
    ) {
        self.init { fields in
            fields.contentType = contentType
            fields.deliveryMode = isPersistent ? 2 : nil
            fields.correlationID = correlationID
            fields.headers = headers
        }
    }

    /// ``expiration`` as a number of milliseconds, when it is one.
    public var expirationMilliseconds: Int64? {
        guard let expiration, expiration.byteCount <= 19 else { return nil }
        return Int64(expiration.string)
    }

    /// The properties that `set` sets, where they are kept: to copy so many would cost more than to set them.
    init(_ set: (inout Fields) -> Void) {
        self.storage = Storage(Fields())
        set(&self.storage.fields)
    }

    private mutating func uniqueStorage() -> Storage {
        if !isKnownUniquelyReferenced(&self.storage) { self.storage = Storage(self.storage.fields) }
        return self.storage
    }
}

extension AMQPProperties {
    /// The properties as they are decoded and encoded.
    struct Fields: Sendable, Hashable {
        var contentType: AMQPShortString?
        var contentEncoding: AMQPShortString?
        var headers: AMQPTable?
        var deliveryMode: UInt8?
        var priority: UInt8?
        var correlationID: AMQPShortString?
        var replyTo: AMQPShortString?
        var expiration: AMQPShortString?
        var messageID: AMQPShortString?
        var timestamp: UInt64?
        var type: AMQPShortString?
        var userID: AMQPShortString?
        var appID: AMQPShortString?
        var clusterID: AMQPShortString?
        var headersRefusal: String?
    }

    /// The fields, read where they are.
    var fields: Fields {
        _read { yield self.storage.fields }
    }

    // @unchecked: changed only while one value refers to it, which `isKnownUniquelyReferenced` has just said.
    private final class Storage: @unchecked Sendable {
        static let empty = Storage(Fields())
        fileprivate var fields: Fields

        init(_ fields: consuming Fields) {
            self.fields = fields
        }
    }
}

extension AMQPProperties: Hashable {
    /// Whether all properties are the same.
    ///
    /// - Parameters:
    ///   - left: One message's.
    ///   - right: Another's.
    /// - Returns: Whether every property of the one is set to the same value in the other.
    public static func == (left: Self, right: Self) -> Bool {
        left.storage === right.storage || left.fields == right.fields
    }

    /// Hashes all properties.
    ///
    /// - Parameter hasher: What they are put into.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.fields)
    }
}
