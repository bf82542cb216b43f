public import NIOCore

/// A message to be published.
public struct AMQPMessage: Sendable, Hashable {
    /// Its properties and headers.
    public var properties: AMQPProperties
    /// Its body.
    public var body: ByteBuffer

    /// A message of bytes.
    public init(_ body: ByteBuffer, properties: AMQPProperties = AMQPProperties()) {
        self.body = body
        self.properties = properties
    }

    /// A message of text.
    public init(_ text: String, properties: AMQPProperties = AMQPProperties()) {
        self.init(ByteBuffer(string: text), properties: properties)
    }
}
