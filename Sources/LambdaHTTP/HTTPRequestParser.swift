import NIOCore
import NIOHTTP1

/// Cuts the bytes of a connection into requests (RFC 9112), part by part.
///
/// Pure. It stands on the way of every invocation twice, which is why it is ours: NIO's decoder makes strings of every
/// field and passes each part through two more handlers, at 25 000 instructions an invocation, a quarter of all that
/// the daemon did. It is stricter than NIO's, and a test holds each against the other.
struct HTTPRequestParser {
    enum Step {
        case part(HTTPRequestPart)
        /// Read on.
        case incomplete
    }

    private enum State {
        /// Can transition to: `body`, `chunkSize`, `end`, `failed`.
        case head(scanned: Int)
        /// So much of the body is to come. Can transition to: `end`.
        case body(remaining: Int)
        /// Can transition to: `chunk`, `trailers`, `failed`.
        case chunkSize
        /// Can transition to: `chunkEnd`.
        case chunk(remaining: Int)
        /// The line break behind a chunk. Can transition to: `chunkSize`, `failed`.
        case chunkEnd
        /// Can transition to: `head`, `failed`.
        case trailers(scanned: Int)
        /// The request is whole. Can transition to: `head`.
        case end
        /// What comes is thrown away.
        case failed
    }

    private let maxHeadByteCount: Int
    private let maxFieldCount: Int
    private var state = State.head(scanned: 0)
    /// A chunk's size and its extensions, which nobody reads.
    private static let maxChunkLineByteCount = 1024

    init(maxHeadByteCount: Int, maxFieldCount: Int) {
        self.maxHeadByteCount = maxHeadByteCount
        self.maxFieldCount = maxFieldCount
    }

    /// Whether the end of the input would come in the middle of a request.
    func isInRequest(unread: ByteBuffer) -> Bool {
        switch self.state {
        case .head: unread.readableBytes > 0
        case .failed: false
        default: true
        }
    }

    /// Takes the next part off the front of `buffer`.
    mutating func next(from buffer: inout ByteBuffer) -> Step {
        do throws(HTTPHeadParser.Refusal) {
            switch self.state {
            case .head(let scanned): return try self.head(from: &buffer, scanned: scanned)
            case .body(let remaining): return self.body(from: &buffer, remaining: remaining, then: .end)
            case .chunk(let remaining): return self.body(from: &buffer, remaining: remaining, then: .chunkEnd)
            case .chunkSize: return try self.chunkSize(from: &buffer)
            case .chunkEnd: return try self.chunkEnd(from: &buffer)
            case .trailers(let scanned): return try self.trailers(from: &buffer, scanned: scanned)
            case .end:
                self.state = .head(scanned: 0)
                return .part(.end(trailers: nil))
            case .failed:
                buffer.clear()
                return .incomplete
            }
        } catch {
            self.state = .failed
            return .part(.failed(.malformed, status: error.status))
        }
    }

    private mutating func head(from buffer: inout ByteBuffer, scanned: Int) throws(HTTPHeadParser.Refusal) -> Step {
        if scanned == 0, try !self.hasStart(in: &buffer) { return .incomplete }
        guard let section = try self.section(from: &buffer, scanned: scanned) else { return .incomplete }
        let result = section.withUnsafeReadableBytes { bytes in
            Self.parse(bytes, of: section, maxFieldCount: self.maxFieldCount)
        }
        let (request, facts) = try result.get()
        switch facts.declaredByteCount {
        case nil: self.state = .chunkSize
        case 0: self.state = .end
        case let byteCount?: self.state = .body(remaining: byteCount)
        }
        return .part(.head(request, facts))
    }

    private static func parse(
        _ bytes: UnsafeRawBufferPointer, of section: ByteBuffer, maxFieldCount: Int
    ) -> Result<(HTTPRequest, HTTPExchangeStateMachine.HeadFacts), HTTPHeadParser.Refusal> {
        var parser = HTTPHeadParser(bytes, maxFieldCount: maxFieldCount)
        do throws(HTTPHeadParser.Refusal) {
            let line = try parser.requestLine()
            try parser.fields()
            var facts = parser.facts
            facts.declaredByteCount = try parser.bodyByteCount()
            // What follows a CONNECT is no HTTP.
            if case .CONNECT = line.method { facts.keepsAlive = false }
            let request = HTTPRequest(
                method: line.method, target: line.target, minorVersion: line.minorVersion,
                headers: HTTPFields(head: section, places: parser.places))
            return .success((request, facts))
        } catch {
            return .failure(error)
        }
    }

    /// Skips empty lines before a request (RFC 9112, section 2.2), and says at the first byte that this is no HTTP.
    ///
    /// - Returns: whether a request line has begun.
    private func hasStart(in buffer: inout ByteBuffer) throws(HTTPHeadParser.Refusal) -> Bool {
        while let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) {
            if ASCII.isToken(first) { return true }
            guard first == ASCII.carriageReturn else { throw .malformed }
            guard let second = buffer.getInteger(at: buffer.readerIndex + 1, as: UInt8.self) else { return false }
            guard second == ASCII.lineFeed else { throw .malformed }
            buffer.moveReaderIndex(forwardBy: 2)
        }
        return false
    }

    /// A whole section of fields; `nil` until its end has come.
    private mutating func section(
        from buffer: inout ByteBuffer, scanned: Int
    ) throws(HTTPHeadParser.Refusal) -> ByteBuffer? {
        var scanned = scanned
        let end = buffer.withUnsafeReadableBytes { HTTPHeadParser.end(in: $0, scanned: &scanned) }
        guard end ?? buffer.readableBytes <= self.maxHeadByteCount else {
            throw .init(status: .requestHeaderFieldsTooLarge)
        }
        if let end { return buffer.readSlice(length: end) }
        if case .trailers = self.state {
            self.state = .trailers(scanned: scanned)
        } else {
            self.state = .head(scanned: scanned)
        }
        return nil
    }

    private mutating func body(from buffer: inout ByteBuffer, remaining: Int, then next: State) -> Step {
        guard let part = buffer.readSlice(length: min(remaining, buffer.readableBytes)), part.readableBytes > 0 else {
            return .incomplete
        }
        let rest = remaining - part.readableBytes
        if rest == 0 {
            self.state = next
        } else if case .end = next {
            self.state = .body(remaining: rest)
        } else {
            self.state = .chunk(remaining: rest)
        }
        return .part(.body(part))
    }
}

// MARK: - Chunks (RFC 9112, section 7.1)

extension HTTPRequestParser {
    private mutating func chunkSize(from buffer: inout ByteBuffer) throws(HTTPHeadParser.Refusal) -> Step {
        let lineFeed = buffer.withUnsafeReadableBytes { $0.firstIndex(of: ASCII.lineFeed, from: 0) }
        guard lineFeed ?? buffer.readableBytes <= Self.maxChunkLineByteCount else { throw .malformed }
        guard let lineFeed else { return .incomplete }
        guard let size = buffer.withUnsafeReadableBytes({ Self.chunkSize($0.part(0..<lineFeed)) }) else {
            throw .malformed
        }
        buffer.moveReaderIndex(forwardBy: lineFeed + 1)
        self.state = size > 0 ? .chunk(remaining: size) : .trailers(scanned: 0)
        return self.next(from: &buffer)
    }

    /// The size in a line that ends in CR; what stands behind a semicolon is skipped.
    private static func chunkSize(_ line: UnsafeRawBufferPointer) -> Int? {
        guard line.last == ASCII.carriageReturn else { return nil }
        var size = 0
        var digits = 0
        for (index, byte) in line.dropLast().enumerated() {
            guard let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
                guard byte == UInt8(ascii: ";"), Self.areExtensions(line.part(index + 1..<line.count - 1)) else {
                    return nil
                }
                break
            }
            size = size << 4 | digit
            digits += 1
            // Larger than any body that anybody takes, and far from an overflow.
            guard digits <= 12 else { return nil }
        }
        return digits > 0 ? size : nil
    }

    /// `name`, `name=value` or `name="value"`, with semicolons between them.
    private static func areExtensions(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).allSatisfy { part in
            let name = part.prefix(while: ASCII.isToken)
            guard !name.isEmpty else { return false }
            var value = part.dropFirst(name.count)
            guard let equals = value.popFirst() else { return true }
            let isQuoted = value.count > 1 && value.first == UInt8(ascii: "\"") && value.last == UInt8(ascii: "\"")
            let text = isQuoted ? value.dropFirst().dropLast() : value
            return equals == UInt8(ascii: "=") && !value.isEmpty && text.allSatisfy(ASCII.isToken)
        }
    }

    private mutating func chunkEnd(from buffer: inout ByteBuffer) throws(HTTPHeadParser.Refusal) -> Step {
        guard let end = buffer.getInteger(at: buffer.readerIndex, as: UInt16.self) else { return .incomplete }
        guard end == 0x0D0A else { throw .malformed }
        buffer.moveReaderIndex(forwardBy: 2)
        self.state = .chunkSize
        return self.next(from: &buffer)
    }

    private mutating func trailers(
        from buffer: inout ByteBuffer, scanned: Int
    ) throws(HTTPHeadParser.Refusal) -> Step {
        guard let section = try self.section(from: &buffer, scanned: scanned) else { return .incomplete }
        let result = section.withUnsafeReadableBytes { bytes -> Result<HTTPFields, HTTPHeadParser.Refusal> in
            var parser = HTTPHeadParser(bytes, maxFieldCount: self.maxFieldCount)
            do throws(HTTPHeadParser.Refusal) {
                try parser.fields()
                return .success(HTTPFields(head: section, places: parser.places))
            } catch {
                return .failure(error)
            }
        }
        var trailers = HTTPHeaders()
        for (name, value) in try result.get() { trailers.add(name: name, value: value) }
        self.state = .head(scanned: 0)
        return .part(.end(trailers: trailers.isEmpty ? nil : trailers))
    }
}
