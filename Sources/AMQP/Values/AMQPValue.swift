public import NIOCore

/// A value in an AMQP table or array, in RabbitMQ's dialect of the field types (letters in the comments).
///
/// RabbitMQ and the 0-9-1 text differ in what some letters mean; RabbitMQ's errata table is what brokers and clients
/// follow, and so does this.
public enum AMQPValue: Sendable, Hashable {
    /// `t`
    case bool(Bool)
    /// `b`
    case int8(Int8)
    /// `B`
    case uint8(UInt8)
    /// `s`
    case int16(Int16)
    /// `u`
    case uint16(UInt16)
    /// `I`
    case int32(Int32)
    /// `i`
    case uint32(UInt32)
    /// `l`
    case int64(Int64)
    /// `L`, which librabbitmq reads and writes but RabbitMQ does not take.
    case uint64(UInt64)
    /// `f`
    case float(Float)
    /// `d`
    case double(Double)
    /// `D`: `unscaled` divided by ten to the power of `scale`.
    case decimal(scale: UInt8, unscaled: UInt32)
    /// `S`: as a rule UTF-8, though nobody checks. Received ones are slices of what was read.
    case longString(ByteBuffer)
    /// `x`: bytes. Received ones are slices of what was read.
    case bytes(ByteBuffer)
    /// `A`
    case array([AMQPValue])
    /// `T`: seconds since 1970-01-01 UTC.
    case timestamp(UInt64)
    /// `F`
    case table(AMQPTable)
    /// `V`
    case null
}

extension AMQPValue {
    /// A long string with the UTF-8 bytes of a text.
    ///
    /// - Parameter text: The text; what it and its table come to has to fit into one frame, 131 072 bytes as a rule.
    /// - Returns: A ``longString(_:)``.
    public static func string(_ text: String) -> AMQPValue {
        .longString(ByteBuffer(string: text))
    }

    /// A long string with the UTF-8 bytes of a text.
    ///
    /// - Parameter text: The text; what it and its table come to has to fit into one frame, 131 072 bytes as a rule.
    /// - Returns: A ``longString(_:)``.
    public static func string(_ text: some StringProtocol) -> AMQPValue {
        .longString(ByteBuffer(string: String(text)))
    }

    /// The text of a long string or of bytes; nil where it is another type, or not UTF-8.
    public var stringValue: String? {
        switch self {
        case .longString(let buffer), .bytes(let buffer):
            String(validating: buffer.readableBytesView, as: UTF8.self)
        default: nil
        }
    }

    /// The bytes of a long string or of bytes; nil where it is another type.
    public var bytesValue: ByteBuffer? {
        switch self {
        case .longString(let buffer), .bytes(let buffer): buffer
        default: nil
        }
    }

    /// The number in any of the integer types; nil where it is another type, or too large for `Int`.
    public var integerValue: Int? {
        switch self {
        case .int8(let number): Int(number)
        case .uint8(let number): Int(number)
        case .int16(let number): Int(number)
        case .uint16(let number): Int(number)
        case .int32(let number): Int(number)
        case .uint32(let number): Int(exactly: number)
        case .int64(let number): Int(exactly: number)
        case .uint64(let number): Int(exactly: number)
        default: nil
        }
    }

    /// The truth value; nil where it is another type.
    public var boolValue: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The table; nil where it is another type.
    public var tableValue: AMQPTable? {
        if case .table(let table) = self { table } else { nil }
    }

    /// The array; nil where it is another type.
    public var arrayValue: [AMQPValue]? {
        if case .array(let values) = self { values } else { nil }
    }
}

extension AMQPValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    /// A long string.
    ///
    /// - Parameter text: The text.
    public init(stringLiteral text: String) {
        self = .string(text)
    }

    /// An `int64`, the integer type that every RabbitMQ client reads.
    ///
    /// - Parameter number: The number.
    public init(integerLiteral number: Int64) {
        self = .int64(number)
    }

    /// A `bool`.
    ///
    /// - Parameter value: The truth value.
    public init(booleanLiteral value: Bool) {
        self = .bool(value)
    }

    /// A `double`.
    ///
    /// - Parameter number: The number.
    public init(floatLiteral number: Double) {
        self = .double(number)
    }

    /// An array.
    ///
    /// - Parameter values: The values, in order.
    public init(arrayLiteral values: AMQPValue...) {
        self = .array(values)
    }

    /// A table.
    ///
    /// - Parameter entries: Keys, of at most 255 bytes, and values, in order.
    public init(dictionaryLiteral entries: (String, AMQPValue)...) {
        self = .table(AMQPTable(entries))
    }

    /// Null.
    public init(nilLiteral: ()) {
        self = .null
    }
}
