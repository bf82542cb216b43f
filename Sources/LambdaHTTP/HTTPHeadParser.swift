import NIOCore
import NIOHTTP1

/// Reads one section of header fields with the line before it, where there is one (RFC 9112, sections 2 to 5).
///
/// Strict: a request that two servers could read differently is refused. So lines end in CR LF, a name is a token with
/// its colon right behind it, a line is never folded, and there is one way to tell the length of a body.
struct HTTPHeadParser {
    /// Why a request is refused.
    struct Refusal: Error, Equatable {
        let status: HTTPResponseStatus
        static let malformed = Self(status: .badRequest)
    }

    private let bytes: UnsafeRawBufferPointer
    private let maxFieldCount: Int
    private var position = 0
    private(set) var places: [HTTPFields.Place] = []
    private(set) var facts = HTTPExchangeStateMachine.HeadFacts()
    private var minorVersion: UInt8 = 1
    private var contentLength: Int?
    private var isChunked = false

    /// - Parameter bytes: The whole section, with the empty line that ends it.
    init(_ bytes: UnsafeRawBufferPointer, maxFieldCount: Int) {
        self.bytes = bytes
        self.maxFieldCount = maxFieldCount
        self.places.reserveCapacity(8)
    }

    /// Finds the end of a section.
    ///
    /// - Parameters:
    ///   - bytes: What has come so far.
    ///   - scanned: Up to where there is no end; moved on, so that no byte is looked at twice, however long a line is.
    /// - Returns: the count of bytes up to and with the empty line.
    static func end(in bytes: UnsafeRawBufferPointer, scanned: inout Int) -> Int? {
        while let lineFeed = bytes.firstIndex(of: ASCII.lineFeed, from: scanned) {
            scanned = lineFeed + 1
            // An empty line without its CR ends the section too, and is refused when that is read.
            let end = lineFeed > 0 && bytes[lineFeed - 1] == ASCII.carriageReturn ? lineFeed - 1 : lineFeed
            if end == 0 || bytes[end - 1] == ASCII.lineFeed { return scanned }
        }
        scanned = bytes.count
        return nil
    }

    /// Reads the request line.
    mutating func requestLine() throws(Refusal) -> (method: HTTPMethod, target: String, minorVersion: UInt8) {
        let line = try self.line()
        guard let methodEnd = line.firstIndex(of: ASCII.space, from: 0), methodEnd > 0, methodEnd <= 32,
            line.part(0..<methodEnd).holdsOnly(ASCII.isToken)
        else { throw .malformed }
        let versionStart = line.count - 8
        guard versionStart > methodEnd + 2, line[versionStart - 1] == ASCII.space else { throw .malformed }
        self.minorVersion = try Self.minorVersion(line.part(versionStart..<line.count))
        let target = line.part(methodEnd + 1..<versionStart - 1)
        guard target.holdsOnly(ASCII.isTarget), target[0] == UInt8(ascii: "/") || Self.isOtherForm(target) else {
            throw .malformed
        }
        self.facts.keepsAlive = self.minorVersion > 0
        return (
            HTTPMethod(line.part(0..<methodEnd)), String(decoding: target, as: UTF8.self), self.minorVersion
        )
    }

    /// `*`, a target with scheme and authority, or the authority alone, as CONNECT has it (RFC 9112, section 3.2).
    private static func isOtherForm(_ target: UnsafeRawBufferPointer) -> Bool {
        if target.count == 1 { return target[0] == UInt8(ascii: "*") }
        guard let colon = target.firstIndex(of: UInt8(ascii: ":"), from: 0) else { return false }
        let scheme = target.part(0..<colon)
        let rest = target.part(colon + 1..<target.count)
        if scheme.isCaseInsensitivelyEqual(to: "http") || scheme.isCaseInsensitivelyEqual(to: "https") {
            guard rest.count > 2, rest[0] == UInt8(ascii: "/"), rest[1] == UInt8(ascii: "/") else { return false }
            let authority = rest.dropFirst(2).prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
            return !authority.isEmpty && authority.allSatisfy(ASCII.isAuthority)
        }
        return !rest.isEmpty && rest.holdsOnly { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    }

    private static func minorVersion(_ bytes: UnsafeRawBufferPointer) throws(Refusal) -> UInt8 {
        guard bytes.loadUnaligned(as: UInt32.self).bigEndian == 0x4854_5450, bytes[4] == UInt8(ascii: "/"),
            bytes[6] == UInt8(ascii: ".")
        else { throw .malformed }
        guard bytes[5] == UInt8(ascii: "1"), bytes[7] == UInt8(ascii: "0") || bytes[7] == UInt8(ascii: "1") else {
            throw Refusal(status: .httpVersionNotSupported)
        }
        return bytes[7] - UInt8(ascii: "0")
    }

    /// Reads the fields up to the empty line.
    mutating func fields() throws(Refusal) {
        while true {
            let start = self.position
            let line = try self.line()
            if line.isEmpty { return }
            guard self.places.count < self.maxFieldCount else {
                throw Refusal(status: .requestHeaderFieldsTooLarge)
            }
            let place = try Self.field(line)
            self.places.append(
                .init(
                    name: start..<start + place.name,
                    value: start + place.value.lowerBound..<start + place.value.upperBound))
            try self.note(line.part(0..<place.name), line.part(place.value))
        }
    }

    /// - Returns: where the name ends, and the value without the white space around it.
    private static func field(_ line: UnsafeRawBufferPointer) throws(Refusal) -> (name: Int, value: Range<Int>) {
        var colon = 0
        while colon < line.count, ASCII.isToken(line[colon]) { colon += 1 }
        guard colon > 0, colon < line.count, line[colon] == UInt8(ascii: ":") else { throw .malformed }
        var start = colon + 1
        var end = line.count
        while start < end, line[start] == ASCII.space || line[start] == ASCII.tab { start += 1 }
        while end > start, line[end - 1] == ASCII.space || line[end - 1] == ASCII.tab { end -= 1 }
        guard line.part(start..<end).holdsOnly(ASCII.isFieldValue) else { throw .malformed }
        return (colon, start..<end)
    }

    /// The next line, without its end.
    private mutating func line() throws(Refusal) -> UnsafeRawBufferPointer {
        guard let lineFeed = self.bytes.firstIndex(of: ASCII.lineFeed, from: self.position),
            lineFeed > self.position, self.bytes[lineFeed - 1] == ASCII.carriageReturn
        else { throw .malformed }
        defer { self.position = lineFeed + 1 }
        return self.bytes.part(self.position..<lineFeed - 1)
    }
}

// MARK: - Fields that the connection itself obeys

extension HTTPHeadParser {
    private mutating func note(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(Refusal) {
        switch name.count {
        case 6 where name.isCaseInsensitivelyEqual(to: "expect"):
            let isContinue = value.isCaseInsensitivelyEqual(to: "100-continue")
            self.facts.expectsContinue = isContinue && self.minorVersion > 0
            self.facts.hasUnknownExpectation = !isContinue
        case 10 where name.isCaseInsensitivelyEqual(to: "connection"):
            self.noteConnection(value)
        case 14 where name.isCaseInsensitivelyEqual(to: "content-length"):
            guard self.contentLength == nil, let length = Self.decimal(value) else { throw .malformed }
            self.contentLength = length
        case 17 where name.isCaseInsensitivelyEqual(to: "transfer-encoding"):
            guard !self.isChunked, self.minorVersion > 0 else { throw .malformed }
            guard value.isCaseInsensitivelyEqual(to: "chunked") else { throw Refusal(status: .notImplemented) }
            self.isChunked = true
        default: break
        }
    }

    private mutating func noteConnection(_ value: UnsafeRawBufferPointer) {
        for option in value.split(separator: UInt8(ascii: ",")) {
            let text = option.filter { $0 != ASCII.space && $0 != ASCII.tab }
            text.withUnsafeBytes { text in
                if text.isCaseInsensitivelyEqual(to: "close") { self.facts.keepsAlive = false }
                if text.isCaseInsensitivelyEqual(to: "keep-alive"), self.minorVersion == 0 {
                    self.facts.keepsAlive = true
                }
            }
        }
    }

    /// Digits only, and no more than a buffer can hold.
    private static func decimal(_ text: UnsafeRawBufferPointer) -> Int? {
        guard (1...15).contains(text.count) else { return nil }
        var value = 0
        for byte in text {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return value
    }

    /// How long the body is: its bytes, or `nil` for a chunked one. Two ways at once are how requests are smuggled.
    mutating func bodyByteCount() throws(Refusal) -> Int? {
        guard !self.isChunked || self.contentLength == nil else { throw .malformed }
        return self.isChunked ? nil : self.contentLength ?? 0
    }
}

extension HTTPMethod {
    fileprivate init(_ bytes: UnsafeRawBufferPointer) {
        // The two that matter without a string.
        switch bytes.count {
        case 3 where bytes[0] == UInt8(ascii: "G") && bytes[1] == UInt8(ascii: "E") && bytes[2] == UInt8(ascii: "T"):
            self = .GET
        case 4 where bytes.loadUnaligned(as: UInt32.self).bigEndian == 0x504F_5354:
            self = .POST
        default:
            self.init(rawValue: String(decoding: bytes, as: UTF8.self))
        }
    }
}
