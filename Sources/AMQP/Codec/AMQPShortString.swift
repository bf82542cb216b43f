public import NIOCore

/// A short string of AMQP: at most 255 bytes, which need not be UTF-8 (AMQP 0-9-1, 4.2.5.3).
///
/// Received ones are slices of what was read, without a copy; so a correlation ID can be echoed byte for byte. A literal may
/// stand for one, with values in it too. Where a name is made once and published to often, keep it as one of these: a
/// `String` is copied into a buffer with each call.
public struct AMQPShortString: Sendable, Hashable {
    /// The bytes.
    public let bytes: ByteBuffer

    /// Wraps bytes as they are.
    ///
    /// - Parameter bytes: The bytes; more than 255 are refused when they are sent (`invalidArgument`).
    public init(bytes: ByteBuffer) {
        self.bytes = bytes
    }

    /// The UTF-8 bytes of a text.
    ///
    /// - Parameter text: The text; more than 255 bytes are refused when they are sent (`invalidArgument`).
    public init(_ text: String) {
        self.bytes = ByteBuffer(string: text)
    }

    /// The empty string, which names the default exchange, or asks the broker for a name.
    public static let empty = AMQPShortString(bytes: ByteBuffer())

    /// How many bytes there are.
    public var byteCount: Int { self.bytes.readableBytes }

    /// The bytes as text; invalid UTF-8 is replaced.
    public var string: String { String(buffer: self.bytes) }
}

extension AMQPShortString: ExpressibleByStringInterpolation {
    /// The UTF-8 bytes of a literal.
    ///
    /// - Parameter text: The text; more than 255 bytes are refused when they are sent (`invalidArgument`).
    public init(stringLiteral text: String) {
        self.init(text)
    }
}

extension AMQPShortString: CustomStringConvertible {
    /// The bytes as text.
    public var description: String { self.string }
}
