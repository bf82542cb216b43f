public import NIOCore

/// A message to be published.
public struct AMQPMessage: Sendable, Hashable {
    /// Its properties and headers.
    public var properties: AMQPProperties
    /// Its body.
    public var body: ByteBuffer

    /// A message of bytes.
    ///
    /// - Parameters:
    ///   - body: Its body; at most ``AMQPConfiguration/maxMessageByteCount`` bytes are sent.
    ///   - properties: Its properties and headers. Default: none, so that a restart of the broker loses it
    ///     (``AMQPProperties/deliveryMode``).
    public init(_ body: ByteBuffer, properties: AMQPProperties = AMQPProperties()) {
        self.body = body
        self.properties = properties
    }

    /// A message of text.
    ///
    /// - Parameters:
    ///   - text: Its body, as UTF-8; at most ``AMQPConfiguration/maxMessageByteCount`` bytes are sent.
    ///   - properties: Its properties and headers. Default: none, so that a restart of the broker loses it
    ///     (``AMQPProperties/deliveryMode``).
    public init(_ text: String, properties: AMQPProperties = AMQPProperties()) {
        self.init(ByteBuffer(string: text), properties: properties)
    }
}
