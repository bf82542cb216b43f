/// Reads the tokens of JSON text from bytes.
struct JSONScanner {
    /// What is wrong at an offset; lines and columns are counted only then.
    struct Failure: Error {
        let offset: Int
        let reason: String

        func located(in bytes: UnsafeRawBufferPointer) -> JSONValidator.Failure {
            let before = bytes.prefix(self.offset)
            let line = before.reduce(1) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
            let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            return JSONValidator.Failure(reason: self.reason, line: line, column: self.offset - lineStart + 1)
        }
    }

    private let bytes: UnsafeRawBufferPointer
    /// The next byte's offset.
    private var offset = 0

    init(bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    // MARK: Tokens

    /// Skips white space, and takes the first byte of the next token.
    mutating func nextToken() throws(Failure) -> UInt8 {
        while self.offset < self.bytes.count {
            let byte = self.bytes[self.offset]
            self.offset += 1
            if byte > 0x20 { return byte }
            if !Self.isSpace(byte) { throw self.unexpected("white space is space, tab, CR or LF") }
        }
        throw self.endOfInput()
    }

    mutating func expectEnd() throws(Failure) {
        while self.offset < self.bytes.count {
            let byte = self.bytes[self.offset]
            self.offset += 1
            if !Self.isSpace(byte) { throw self.unexpected("expected the end of the text") }
        }
    }

    /// The rest of `true`, `false` or `null`.
    mutating func literal(_ text: StaticString) throws(Failure) {
        for index in 1..<text.utf8CodeUnitCount {
            guard self.offset < self.bytes.count else { throw self.endOfInput() }
            self.offset += 1
            guard self.bytes[self.offset - 1] == text.utf8Start[index] else {
                throw self.unexpected("expected '\(text)'")
            }
        }
    }

    /// The rest of a number whose first byte is taken.
    mutating func number(first: UInt8) throws(Failure) {
        var first = first
        if first == UInt8(ascii: "-") {
            guard let digit = self.peek() else { throw self.endOfInput() }
            self.offset += 1
            guard Self.isDigit(digit) else { throw self.unexpected("expected a digit after the minus sign") }
            first = digit
        }
        if first == UInt8(ascii: "0") {
            if let next = self.peek(), Self.isDigit(next) {
                self.offset += 1
                throw self.unexpected("leading zeroes are not allowed")
            }
        } else {
            self.skipDigits()
        }
        if self.peek() == UInt8(ascii: ".") {
            self.offset += 1
            try self.digits("expected a digit after the decimal point")
        }
        if let letter = self.peek(), letter | 0x20 == UInt8(ascii: "e") {
            self.offset += 1
            if let sign = self.peek(), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { self.offset += 1 }
            try self.digits("expected a digit in the exponent")
        }
    }

    /// The rest of a string whose quotation mark is taken.
    mutating func string() throws(Failure) {
        while true {
            self.skipPlainWords()
            guard self.offset < self.bytes.count else { throw self.endOfInput(" in a string") }
            let byte = self.bytes[self.offset]
            self.offset += 1
            switch byte {
            case UInt8(ascii: "\""): return
            case UInt8(ascii: "\\"): try self.escape()
            case 0..<0x20: throw self.unexpected("control characters must be escaped in strings")
            case 0x20..<0x80: break
            default: try self.multibyte(first: byte)
            }
        }
    }

    // MARK: Parts of tokens

    /// Skips eight bytes at a time while they are ASCII that needs no look; 64 at a time once 64 were.
    private mutating func skipPlainWords() {
        let start = self.offset
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        while self.offset + 8 <= self.bytes.count {
            let word = self.bytes.loadUnaligned(fromByteOffset: self.offset, as: UInt64.self)
            let quotes = word ^ (ones &* 0x22)
            let backslashes = word ^ (ones &* 0x5c)
            // A byte's high bit: below 0x20, a quotation mark, a backslash, or not ASCII. A borrow can only raise
            // bits above a true one, so "none" is exact.
            let special =
                (word &- ones &* 0x20) | (quotes &- ones) | (backslashes &- ones) | word
            guard special & highs == 0 else { return }
            self.offset += 8
            if self.offset - start == 64 { self.skipPlainBlocks() }
        }
    }

    /// The same for eight words together: long strings are most of what a large event consists of.
    private mutating func skipPlainBlocks() {
        let ones = SIMD8<UInt64>(repeating: 0x0101_0101_0101_0101)
        let spaces = SIMD8<UInt64>(repeating: 0x2020_2020_2020_2020)
        let quotationMarks = SIMD8<UInt64>(repeating: 0x2222_2222_2222_2222)
        let backslashes = SIMD8<UInt64>(repeating: 0x5c5c_5c5c_5c5c_5c5c)
        while self.offset + 64 <= self.bytes.count {
            let words = self.bytes.loadUnaligned(fromByteOffset: self.offset, as: SIMD8<UInt64>.self)
            let special =
                (words &- spaces) | ((words ^ quotationMarks) &- ones) | ((words ^ backslashes) &- ones) | words
            let four = special.lowHalf | special.highHalf
            let two = four.lowHalf | four.highHalf
            guard (two.x | two.y) & 0x8080_8080_8080_8080 == 0 else { return }
            self.offset += 64
        }
    }

    private mutating func escape() throws(Failure) {
        guard let letter = self.peek() else { throw self.endOfInput(" in a string") }
        self.offset += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return
        case UInt8(ascii: "u"):
            for _ in 0..<4 {
                guard let digit = self.peek() else { throw self.endOfInput(" in a string") }
                self.offset += 1
                guard HexDigits.value(of: digit) != nil else { throw self.unexpected("expected a hexadecimal digit") }
            }
        default:
            throw self.unexpected("unknown escape")
        }
    }

    /// The rest of a UTF-8 sequence (Unicode, table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF).
    private mutating func multibyte(first: UInt8) throws(Failure) {
        switch first {
        case 0xc2...0xdf: try self.continuation(0x80...0xbf)
        case 0xe0: try self.continuation(0xa0...0xbf, then: 1)
        case 0xed: try self.continuation(0x80...0x9f, then: 1)
        case 0xe1...0xef: try self.continuation(0x80...0xbf, then: 1)
        case 0xf0: try self.continuation(0x90...0xbf, then: 2)
        case 0xf1...0xf3: try self.continuation(0x80...0xbf, then: 2)
        case 0xf4: try self.continuation(0x80...0x8f, then: 2)
        default: throw self.failure("Invalid UTF-8 start byte 0x\(String(first, radix: 16))")
        }
    }

    private mutating func continuation(_ range: ClosedRange<UInt8>, then count: Int = 0) throws(Failure) {
        guard let byte = self.peek() else { throw self.endOfInput(" in a string") }
        self.offset += 1
        guard range.contains(byte) else { throw self.failure("Invalid UTF-8 middle byte 0x\(String(byte, radix: 16))") }
        if count > 0 { try self.continuation(0x80...0xbf, then: count - 1) }
    }

    private mutating func digits(_ expectation: String) throws(Failure) {
        guard let digit = self.peek() else { throw self.endOfInput() }
        self.offset += 1
        guard Self.isDigit(digit) else { throw self.unexpected(expectation) }
        self.skipDigits()
    }

    private mutating func skipDigits() {
        while let byte = self.peek(), Self.isDigit(byte) { self.offset += 1 }
    }

    private func peek() -> UInt8? {
        self.offset < self.bytes.count ? self.bytes[self.offset] : nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09
    }

    // MARK: Failures

    /// The byte that was taken last does not belong there.
    func unexpected(_ expectation: String) -> Failure {
        let byte = self.bytes[self.offset - 1]
        let shown = byte > 0x20 && byte < 0x7f ? "'\(Character(Unicode.Scalar(byte)))' (code \(byte))" : "code \(byte)"
        return self.failure("Unexpected character (\(shown)): \(expectation)")
    }

    func failure(_ reason: String) -> Failure {
        Failure(offset: max(0, self.offset - 1), reason: reason)
    }

    private func endOfInput(_ place: String = "") -> Failure {
        Failure(offset: self.bytes.count, reason: "Unexpected end-of-input\(place)")
    }
}
