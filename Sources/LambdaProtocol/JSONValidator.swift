package import NIOCore

/// Checks that bytes are one JSON text (RFC 8259), in one pass and without recursion.
///
/// It stands on the way of every invocation, so it builds nothing: it only walks. Strings must be UTF-8.
package struct JSONValidator {
    /// What is wrong, and where, counted from 1 as parsers do.
    package struct Failure: Error, Equatable, CustomStringConvertible {
        package var reason: String
        package var line: Int
        package var column: Int

        package var description: String { "\(self.reason) at [line: \(self.line), column: \(self.column)]" }
    }

    /// Deeper nesting is refused: runtimes' parsers recurse.
    package static let maximumDepth = 1000

    private let bytes: UnsafeRawBufferPointer
    private var index = 0
    /// One bit a level: whether it is an object.
    private var levels: [Bool] = []

    private init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// - Returns: `nil` when the bytes are JSON.
    package static func validate(_ buffer: ByteBuffer) -> Failure? {
        buffer.withUnsafeReadableBytes { self.validate($0) }
    }

    /// - Returns: `nil` when the bytes are JSON.
    package static func validate(_ bytes: UnsafeRawBufferPointer) -> Failure? {
        var validator = JSONValidator(bytes)
        do throws(Stop) {
            try validator.run()
            return nil
        } catch {
            return validator.failure(error.reason)
        }
    }

    private struct Stop: Error {
        let reason: String
    }

    /// What comes next inside a container.
    private enum Expectation {
        case value
        case firstMemberOrEnd
        case member
        case firstElementOrEnd
        case commaOrEnd
    }

    private mutating func run() throws(Stop) {
        var expectation = Expectation.value
        while true {
            self.skipSpace()
            switch expectation {
            case .value, .firstElementOrEnd:
                if expectation == .firstElementOrEnd, self.take(UInt8(ascii: "]")) {
                    self.levels.removeLast()
                    expectation = .commaOrEnd
                } else {
                    expectation = try self.value()
                }
            case .firstMemberOrEnd:
                if self.take(UInt8(ascii: "}")) {
                    self.levels.removeLast()
                    expectation = .commaOrEnd
                } else {
                    try self.memberName()
                    expectation = .value
                }
            case .member:
                try self.memberName()
                expectation = .value
            case .commaOrEnd:
                guard let isObject = self.levels.last else {
                    guard self.index == self.bytes.count else { throw self.unexpected() }
                    return
                }
                if self.take(UInt8(ascii: ",")) {
                    expectation = isObject ? .member : .value
                } else if self.take(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    self.levels.removeLast()
                } else {
                    throw self.unexpected()
                }
            }
        }
    }

    private mutating func value() throws(Stop) -> Expectation {
        guard self.index < self.bytes.count else { throw Stop(reason: "Unexpected end of input") }
        switch self.bytes[self.index] {
        case UInt8(ascii: "{"):
            try self.enter(isObject: true)
            return .firstMemberOrEnd
        case UInt8(ascii: "["):
            try self.enter(isObject: false)
            return .firstElementOrEnd
        case UInt8(ascii: "\""): try self.string()
        case UInt8(ascii: "t"): try self.word("true")
        case UInt8(ascii: "f"): try self.word("false")
        case UInt8(ascii: "n"): try self.word("null")
        default: try self.number()
        }
        return .commaOrEnd
    }

    private mutating func enter(isObject: Bool) throws(Stop) {
        guard self.levels.count < Self.maximumDepth else {
            throw Stop(reason: "Nesting deeper than \(Self.maximumDepth) levels")
        }
        self.levels.append(isObject)
        self.index += 1
    }

    private mutating func memberName() throws(Stop) {
        guard self.index < self.bytes.count, self.bytes[self.index] == UInt8(ascii: "\"") else {
            throw self.unexpected()
        }
        try self.string()
        self.skipSpace()
        guard self.take(UInt8(ascii: ":")) else { throw self.unexpected() }
    }

    private mutating func word(_ word: StaticString) throws(Stop) {
        let count = word.utf8CodeUnitCount
        guard self.index + count <= self.bytes.count else { throw self.unexpected() }
        for offset in 0..<count where self.bytes[self.index + offset] != (word.utf8Start + offset).pointee {
            throw self.unexpected()
        }
        self.index += count
    }

    private mutating func number() throws(Stop) {
        _ = self.take(UInt8(ascii: "-"))
        if !self.take(UInt8(ascii: "0")) { try self.digits() }
        if self.take(UInt8(ascii: ".")) { try self.digits() }
        if self.take(UInt8(ascii: "e")) || self.take(UInt8(ascii: "E")) {
            if !self.take(UInt8(ascii: "+")) { _ = self.take(UInt8(ascii: "-")) }
            try self.digits()
        }
    }

    private mutating func digits() throws(Stop) {
        let start = self.index
        while self.index < self.bytes.count, (0x30...0x39).contains(self.bytes[self.index]) { self.index += 1 }
        guard self.index > start else { throw self.unexpected() }
    }
}

// MARK: - Strings

extension JSONValidator {
    private mutating func string() throws(Stop) {
        self.index += 1
        let count = self.bytes.count
        while self.index < count {
            let byte = self.bytes[self.index]
            switch byte {
            case UInt8(ascii: "\""):
                self.index += 1
                return
            case UInt8(ascii: "\\"): try self.escape()
            case 0..<0x20: throw Stop(reason: "Illegal control character in a string")
            case 0x20..<0x80: self.index += 1
            default: try self.multiByteCharacter(byte)
            }
        }
        throw Stop(reason: "Unexpected end of input in a string")
    }

    private mutating func escape() throws(Stop) {
        guard self.index + 1 < self.bytes.count else { throw Stop(reason: "Unexpected end of input in a string") }
        switch self.bytes[self.index + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            self.index += 2
        case UInt8(ascii: "u"):
            guard self.index + 6 <= self.bytes.count else { throw Stop(reason: "Unexpected end of input in a string") }
            for offset in 2..<6 where !Self.isHexDigit(self.bytes[self.index + offset]) {
                throw Stop(reason: "Malformed \\u escape")
            }
            self.index += 6
        default: throw Stop(reason: "Unrecognized character escape")
        }
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }

    /// Well-formed UTF-8 of two to four bytes (Unicode, table 3-7).
    private mutating func multiByteCharacter(_ first: UInt8) throws(Stop) {
        let count: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch first {
        case 0xC2...0xDF: count = 2
        case 0xE0: (count, second) = (3, 0xA0...0xBF)
        case 0xED: (count, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: count = 3
        case 0xF0: (count, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: count = 4
        case 0xF4: (count, second) = (4, 0x80...0x8F)
        default: throw Stop(reason: "Invalid UTF-8")
        }
        guard self.index + count <= self.bytes.count, second.contains(self.bytes[self.index + 1]) else {
            throw Stop(reason: "Invalid UTF-8")
        }
        for offset in 2..<max(2, count) where self.bytes[self.index + offset] & 0xC0 != 0x80 {
            throw Stop(reason: "Invalid UTF-8")
        }
        self.index += count
    }
}

// MARK: - Small steps

extension JSONValidator {
    private mutating func skipSpace() {
        while self.index < self.bytes.count {
            switch self.bytes[self.index] {
            case 0x20, 0x09, 0x0A, 0x0D: self.index += 1
            default: return
            }
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard self.index < self.bytes.count, self.bytes[self.index] == byte else { return false }
        self.index += 1
        return true
    }

    private func unexpected() -> Stop {
        guard self.index < self.bytes.count else { return Stop(reason: "Unexpected end of input") }
        let byte = self.bytes[self.index]
        let shown = (0x20..<0x7F).contains(byte) ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
        return Stop(reason: "Unexpected character (\(shown))")
    }

    private func failure(_ reason: String) -> Failure {
        let before = self.bytes[..<min(self.index, self.bytes.count)]
        let line = before.reduce(1) { $1 == 0x0A ? $0 + 1 : $0 }
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        return Failure(reason: reason, line: line, column: before.count - lineStart + 1)
    }
}
