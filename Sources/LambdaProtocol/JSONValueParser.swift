/// Builds a ``JSONValue`` from bytes that are known to be JSON.
struct JSONValueParser {
    private let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The value that begins here; `nil` when it is nested too deep.
    mutating func value(depth: Int) -> JSONValue? {
        guard depth > 0 else { return nil }
        switch self.peekToken() {
        case UInt8(ascii: "{"): return self.object(depth: depth)
        case UInt8(ascii: "["): return self.array(depth: depth)
        case UInt8(ascii: "\""): return .string(self.string())
        case UInt8(ascii: "t"): return self.skip(4, .bool(true))
        case UInt8(ascii: "f"): return self.skip(5, .bool(false))
        case UInt8(ascii: "n"): return self.skip(4, .null)
        default: return .number(self.number())
        }
    }

    private mutating func object(depth: Int) -> JSONValue? {
        var members: [String: JSONValue] = [:]
        self.position += 1
        while let token = self.peekToken(), token != UInt8(ascii: "}") {
            if token == UInt8(ascii: ",") { self.position += 1 }
            _ = self.peekToken()
            let name = self.string()
            _ = self.peekToken()
            self.position += 1
            guard let value = self.value(depth: depth - 1) else { return nil }
            members[name] = value
        }
        self.position += 1
        return .object(members)
    }

    private mutating func array(depth: Int) -> JSONValue? {
        var elements: [JSONValue] = []
        self.position += 1
        while let token = self.peekToken(), token != UInt8(ascii: "]") {
            if token == UInt8(ascii: ",") { self.position += 1 }
            guard let value = self.value(depth: depth - 1) else { return nil }
            elements.append(value)
        }
        self.position += 1
        return .array(elements)
    }

    /// Skips white space, and looks at the next byte.
    private mutating func peekToken() -> UInt8? {
        while self.position < self.bytes.count, self.bytes[self.position] <= 0x20 { self.position += 1 }
        return self.position < self.bytes.count ? self.bytes[self.position] : nil
    }

    private mutating func skip(_ count: Int, _ value: JSONValue) -> JSONValue {
        self.position += count
        return value
    }

    private mutating func number() -> String {
        let start = self.position
        while self.position < self.bytes.count, Self.isNumberByte(self.bytes[self.position]) { self.position += 1 }
        return String(decoding: self.bytes[start..<self.position], as: UTF8.self)
    }

    private static func isNumberByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
            UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }

    private mutating func string() -> String {
        self.position += 1
        var units: [UInt8] = []
        while self.position < self.bytes.count, self.bytes[self.position] != UInt8(ascii: "\"") {
            if self.bytes[self.position] == UInt8(ascii: "\\") {
                self.position += 1
                self.escape(into: &units)
            } else {
                self.copyRun(into: &units)
            }
        }
        self.position += 1
        return String(decoding: units, as: UTF8.self)
    }

    /// What stands for itself, in one go: strings may be bodies of megabytes.
    private mutating func copyRun(into units: inout [UInt8]) {
        let start = self.position
        while self.position < self.bytes.count, self.bytes[self.position] != UInt8(ascii: "\""),
            self.bytes[self.position] != UInt8(ascii: "\\")
        {
            self.position += 1
        }
        units += self.bytes[start..<self.position]
    }

    private mutating func escape(into units: inout [UInt8]) {
        guard self.position < self.bytes.count else { return }
        let letter = self.bytes[self.position]
        self.position += 1
        switch letter {
        case UInt8(ascii: "b"): units.append(0x08)
        case UInt8(ascii: "f"): units.append(0x0C)
        case UInt8(ascii: "n"): units.append(0x0A)
        case UInt8(ascii: "r"): units.append(0x0D)
        case UInt8(ascii: "t"): units.append(0x09)
        case UInt8(ascii: "u"): units += Array(String(self.scalar()).utf8)
        default: units.append(letter)
        }
    }

    /// What `\uXXXX` stands for, with its second half where it is a surrogate; half of a pair is U+FFFD.
    private mutating func scalar() -> Character {
        let high = self.hexadecimal()
        guard (0xD800...0xDBFF).contains(high) else { return Character(Unicode.Scalar(high) ?? "\u{FFFD}") }
        guard self.bytes[self.position...].starts(with: "\\u".utf8) else { return "\u{FFFD}" }
        let before = self.position
        self.position += 2
        let low = self.hexadecimal()
        guard (0xDC00...0xDFFF).contains(low) else {
            self.position = before
            return "\u{FFFD}"
        }
        return Character(Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)) ?? "\u{FFFD}")
    }

    private mutating func hexadecimal() -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 where self.position < self.bytes.count {
            value = value << 4 | UInt32(HexDigits.value(of: self.bytes[self.position]) ?? 0)
            self.position += 1
        }
        return value
    }
}
