package import NIOCore

/// Finds the prelude of an http-integration response in its first bytes (contract 6.4): a JSON object, eight NUL bytes,
/// the body.
///
/// Pure. Takes the response as it comes: the JSON may arrive in several pieces, and share one with the body. What cannot
/// be a prelude is known as such at once and not held back: Swift's runtime client gives every stream the content type of
/// a prelude, whether it has one or not.
package struct HTTPIntegrationPreludeParser {
    /// What is known after a piece.
    package enum Step: Sendable, Equatable {
        /// The delimiter has not come.
        case needsMore
        /// The prelude, and the first bytes of the body, perhaps none.
        case prelude(HTTPIntegrationPrelude, body: ByteBuffer)
        /// There is no prelude: all of it is body, with status 200.
        case onlyBody(ByteBuffer)
        /// There is a delimiter, and no prelude in front of it.
        case malformed
    }

    private let limit: Int
    private var held = ByteBuffer()
    private var scanner = Scanner()

    /// - Parameter limit: Bytes that are searched for the delimiter; 64 KiB.
    package init(limit: Int = 64 * 1024) {
        self.limit = limit
    }

    /// A piece of the response has come.
    package mutating func received(_ bytes: ByteBuffer) -> Step {
        let start = self.held.readableBytes
        self.held.writeImmutableBuffer(bytes)
        switch self.held.withUnsafeReadableBytes({ self.scanner.scan($0, from: start) }) {
        case .undecided: return self.held.readableBytes < self.limit ? .needsMore : self.takeAll()
        case .noPrelude: return self.takeAll()
        case .delimiter(let objectByteCount, let bodyOffset):
            return self.take(objectByteCount: objectByteCount, bodyOffset: bodyOffset)
        }
    }

    /// The response is over, without a delimiter.
    package mutating func ended() -> Step {
        self.takeAll()
    }

    private mutating func take(objectByteCount: Int, bodyOffset: Int) -> Step {
        var body = self.held
        self.held = ByteBuffer()
        let json = body.getSlice(at: body.readerIndex, length: objectByteCount)
        body.moveReaderIndex(forwardBy: bodyOffset)
        guard let json, let prelude = HTTPIntegrationPrelude(json: json) else { return .malformed }
        return .prelude(prelude, body: body)
    }

    private mutating func takeAll() -> Step {
        defer { self.held = ByteBuffer() }
        return .onlyBody(self.held)
    }
}

/// Looks for the end of one JSON object, and for eight NUL bytes behind it.
private struct Scanner {
    enum Finding {
        case undecided
        case noPrelude
        case delimiter(objectByteCount: Int, bodyOffset: Int)
    }

    private static let delimiterByteCount = 8

    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    /// Once it is known.
    private var objectByteCount: Int?
    private var zeroes = 0

    mutating func scan(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Finding {
        for offset in start..<bytes.count {
            let byte = bytes[offset]
            if let objectByteCount = self.objectByteCount {
                guard self.isDelimiter(byte) else { return .noPrelude }
                if self.zeroes == Self.delimiterByteCount {
                    return .delimiter(objectByteCount: objectByteCount, bodyOffset: offset + 1)
                }
            } else {
                // No JSON has a NUL in it.
                guard byte != 0, self.depth > 0 || Self.isSpace(byte) || byte == UInt8(ascii: "{") else {
                    return .noPrelude
                }
                if self.endsObject(byte) { self.objectByteCount = offset + 1 }
            }
        }
        return .undecided
    }

    /// White space may stand before the first NUL.
    private mutating func isDelimiter(_ byte: UInt8) -> Bool {
        if byte == 0 { self.zeroes += 1 }
        return byte == 0 || self.zeroes == 0 && Self.isSpace(byte)
    }

    private mutating func endsObject(_ byte: UInt8) -> Bool {
        if self.isEscaped {
            self.isEscaped = false
        } else if self.isInString {
            self.isEscaped = byte == UInt8(ascii: "\\")
            self.isInString = byte != UInt8(ascii: "\"")
        } else {
            switch byte {
            case UInt8(ascii: "\""): self.isInString = true
            case UInt8(ascii: "{"): self.depth += 1
            case UInt8(ascii: "}"):
                self.depth -= 1
                return self.depth == 0
            default: break
            }
        }
        return false
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }
}
