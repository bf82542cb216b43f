/// Reads answers strictly (RFC 9112): so a fault in the product's writer cannot hide in its parser.
struct HTTPAnswerReader {
    enum Item {
        /// A whole answer of this status.
        case answer(Int)
        /// A 1xx.
        case interim
        /// The bytes end in the middle of an answer.
        case cut
        case malformed
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        self.rest = bytes[...]
    }

    var isAtEnd: Bool { self.rest.isEmpty }

    /// - Parameter hasBody: `false` for the answer to HEAD.
    mutating func next(hasBody: Bool) -> Item {
        guard let line = self.line() else { return .cut }
        guard line.starts(with: "HTTP/1.1 ".utf8), line.count >= 12, let status = Int(text(line.dropFirst(9).prefix(3))),
            (100...599).contains(status)
        else { return .malformed }
        var fields: [(name: String, value: String)] = []
        while true {
            guard let line = self.line() else { return .cut }
            if line.isEmpty { break }
            guard let field = self.field(line) else { return .malformed }
            fields.append(field)
        }
        if status < 200 { return .interim }
        return self.body(status, fields, hasBody: hasBody && status != 204 && status != 304)
    }

    private mutating func body(_ status: Int, _ fields: [(name: String, value: String)], hasBody: Bool) -> Item {
        let lengths = fields.filter { $0.name == "content-length" }.map(\.value)
        let codings = fields.filter { $0.name == "transfer-encoding" }.map(\.value)
        guard lengths.count + codings.count <= 1 else { return .malformed }
        guard hasBody else { return .answer(status) }
        if let coding = codings.first { return coding == "chunked" ? self.chunks(status) : .malformed }
        guard let length = lengths.first else { return self.bodyUntilEnd(status, fields) }
        guard let count = Int(length), count >= 0 else { return .malformed }
        guard self.rest.count >= count else { return .cut }
        self.rest = self.rest.dropFirst(count)
        return .answer(status)
    }

    /// What HTTP/1.0 clients get of a stream ends with the connection (RFC 9112, 6.3).
    private mutating func bodyUntilEnd(_ status: Int, _ fields: [(name: String, value: String)]) -> Item {
        guard fields.contains(where: { $0.name == "connection" && $0.value == "close" }) else { return .malformed }
        self.rest = []
        return .answer(status)
    }

    private mutating func chunks(_ status: Int) -> Item {
        while true {
            guard let line = self.line() else { return .cut }
            guard let count = Int(text(line), radix: 16), count >= 0 else { return .malformed }
            if count == 0 {
                // No trailers are sent.
                guard let end = self.line() else { return .cut }
                return end.isEmpty ? .answer(status) : .malformed
            }
            guard self.rest.count >= count + 2 else { return .cut }
            self.rest = self.rest.dropFirst(count)
            guard let end = self.line() else { return .cut }
            if !end.isEmpty { return .malformed }
        }
    }

    /// What stands before the next CR LF; `nil` where there is none. A bare CR or LF stays in it.
    private mutating func line() -> ArraySlice<UInt8>? {
        var index = self.rest.startIndex
        while index + 1 < self.rest.endIndex {
            if self.rest[index] == 13, self.rest[index + 1] == 10 {
                defer { self.rest = self.rest[(index + 2)...] }
                return self.rest[..<index]
            }
            index += 1
        }
        return nil
    }

    private func field(_ line: ArraySlice<UInt8>) -> (name: String, value: String)? {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
            line[..<colon].allSatisfy(Self.isToken), line[colon...].allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 9 })
        else { return nil }
        let value = line[(colon + 1)...].drop { $0 == 0x20 }
        return (text(line[..<colon]).lowercased(), text(value))
    }

    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

private func text(_ bytes: some Collection<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
