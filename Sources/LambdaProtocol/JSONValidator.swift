package import NIOCore

/// Checks whether bytes are JSON text (RFC 8259), in one pass, without building anything.
///
/// It stands on the way of every invocation: no recursion (the depth is the caller's choice), no allocation up to a
/// depth of 64, eight bytes at a time through the inside of strings.
package struct JSONValidator {
    /// What is wrong, and where: line and byte column, counted from 1.
    package struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
        package var reason: String
        package var line: Int
        package var column: Int

        package var description: String { "\(self.reason) at [line: \(self.line), column: \(self.column)]" }
    }

    /// Deeper texts are refused: parsers in runtimes recurse.
    package static let maximumDepth = 1000

    /// Checks a buffer's readable bytes.
    ///
    /// - Returns: `nil` when they are JSON, else what is wrong.
    package static func validate(_ buffer: ByteBuffer) -> Failure? {
        buffer.withUnsafeReadableBytes { self.validate($0) }
    }

    /// Checks bytes.
    ///
    /// - Returns: `nil` when they are JSON, else what is wrong.
    package static func validate(_ bytes: UnsafeRawBufferPointer) -> Failure? {
        var validator = JSONValidator(scanner: JSONScanner(bytes: bytes))
        do {
            try validator.run()
            return nil
        } catch {
            return error.located(in: bytes)
        }
    }

    /// What may come next.
    private enum Expectation {
        case value, valueOrEnd, key, keyOrEnd, commaOrEnd
    }

    private var scanner: JSONScanner
    private var nesting = JSONNesting()
    private var expectation = Expectation.value

    private init(scanner: JSONScanner) {
        self.scanner = scanner
    }

    private mutating func run() throws(JSONScanner.Failure) {
        repeat {
            let byte = try self.scanner.nextToken()
            switch self.expectation {
            case .value: try self.value(byte)
            case .valueOrEnd:
                if byte == UInt8(ascii: "]") { self.close() } else { try self.value(byte) }
            case .keyOrEnd:
                if byte == UInt8(ascii: "}") { self.close() } else { try self.key(byte) }
            case .key: try self.key(byte)
            case .commaOrEnd: try self.commaOrEnd(byte)
            }
        } while self.nesting.depth > 0
        try self.scanner.expectEnd()
    }

    private mutating func value(_ byte: UInt8) throws(JSONScanner.Failure) {
        self.expectation = .commaOrEnd
        switch byte {
        case UInt8(ascii: "\""): try self.scanner.string()
        case UInt8(ascii: "{"): try self.open(isObject: true)
        case UInt8(ascii: "["): try self.open(isObject: false)
        case UInt8(ascii: "t"): try self.scanner.literal("true")
        case UInt8(ascii: "f"): try self.scanner.literal("false")
        case UInt8(ascii: "n"): try self.scanner.literal("null")
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try self.scanner.number(first: byte)
        default: throw self.scanner.unexpected("expected a JSON value")
        }
    }

    private mutating func key(_ byte: UInt8) throws(JSONScanner.Failure) {
        guard byte == UInt8(ascii: "\"") else { throw self.scanner.unexpected("expected a member's name in quotes") }
        try self.scanner.string()
        guard try self.scanner.nextToken() == UInt8(ascii: ":") else {
            throw self.scanner.unexpected("expected a colon after the member's name")
        }
        self.expectation = .value
    }

    private mutating func commaOrEnd(_ byte: UInt8) throws(JSONScanner.Failure) {
        switch (byte, self.nesting.isInObject) {
        case (UInt8(ascii: ","), true): self.expectation = .key
        case (UInt8(ascii: ","), false): self.expectation = .value
        case (UInt8(ascii: "}"), true), (UInt8(ascii: "]"), false): self.close()
        case (_, true): throw self.scanner.unexpected("expected a comma or '}'")
        case (_, false): throw self.scanner.unexpected("expected a comma or ']'")
        }
    }

    private mutating func open(isObject: Bool) throws(JSONScanner.Failure) {
        guard self.nesting.depth < Self.maximumDepth else {
            throw self.scanner.failure("Document nesting depth exceeds the maximum allowed (\(Self.maximumDepth))")
        }
        self.nesting.push(isObject: isObject)
        self.expectation = isObject ? .keyOrEnd : .valueOrEnd
    }

    private mutating func close() {
        self.nesting.pop()
        self.expectation = .commaOrEnd
    }
}
