package import NIOCore

/// A small JSON text as a tree: requests of extensions, settings files, parts of HTTP responses.
///
/// Not for events and responses, which are only checked and passed on.
package enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    /// As it was written.
    case number(String)
    case string(String)
    case array([JSONValue])
    /// With repeated names the last one counts.
    case object([String: JSONValue])

    /// Deeper texts are refused: this parser recurses.
    private static let maximumDepth = 32

    /// Parses a text.
    ///
    /// - Returns: The value, or what is wrong and where.
    package static func parse(_ text: ByteBuffer) -> Result<JSONValue, JSONValidator.Failure> {
        // Whether it is JSON at all is decided in one place only; here it is known to be.
        if let failure = JSONValidator.validate(text) { return .failure(failure) }
        var parser = JSONValueParser(bytes: Array(text.readableBytesView))
        guard let value = parser.value(depth: Self.maximumDepth) else {
            return .failure(.init(reason: "Nested deeper than \(Self.maximumDepth)", line: 1, column: 1))
        }
        return .success(value)
    }

    /// A member of an object; `nil` where there is none, or this is no object.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members[name]
    }

    /// The text of a string.
    package var stringValue: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The number, where it is a whole one.
    package var integerValue: Int? {
        guard case .number(let text) = self else { return nil }
        return Int(text)
    }

    /// The elements of an array.
    package var arrayValue: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// A string, or a number or a boolean as its text; `nil` for anything else.
    package var scalarText: String? {
        switch self {
        case .string(let text), .number(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case .null, .array, .object: nil
        }
    }
}
