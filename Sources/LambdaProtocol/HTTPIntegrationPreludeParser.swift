package import NIOCore

/// Finds the prelude of an http-integration response in its first bytes (contract 6.4): a JSON object, eight NUL bytes,
/// the body.
///
/// Pure. Takes the response as it comes: the JSON may arrive in several pieces, and share one with the body.
package struct HTTPIntegrationPreludeParser {
    /// What is known after a piece.
    package enum Step: Sendable, Equatable {
        /// The delimiter has not come.
        case needsMore
        /// The prelude, and the first bytes of the body, perhaps none.
        case prelude(HTTPIntegrationPrelude, body: ByteBuffer)
        /// There is no delimiter: all of it is body, with status 200.
        case onlyBody(ByteBuffer)
        /// There is a delimiter, and no prelude in front of it.
        case malformed
    }

    private static let delimiter = [UInt8](repeating: 0, count: 8)
    private let limit: Int
    private var held = ByteBuffer()

    /// - Parameter limit: Bytes that are searched for the delimiter; 64 KiB.
    package init(limit: Int = 64 * 1024) {
        self.limit = limit
    }

    /// A piece of the response has come.
    package mutating func received(_ bytes: ByteBuffer) -> Step {
        // The delimiter may have begun in the last seven bytes of what was searched before.
        let start = max(0, self.held.readableBytes - (Self.delimiter.count - 1))
        self.held.writeImmutableBuffer(bytes)
        guard let end = self.delimiterOffset(from: start) else {
            return self.held.readableBytes < self.limit ? .needsMore : self.takeAll()
        }
        var body = self.held
        self.held = ByteBuffer()
        let json = body.readSlice(length: end)
        body.moveReaderIndex(forwardBy: Self.delimiter.count)
        guard let json, let prelude = HTTPIntegrationPrelude(json: json.readableBytesView) else { return .malformed }
        return .prelude(prelude, body: body)
    }

    /// The response is over, without a delimiter.
    package mutating func ended() -> Step {
        self.takeAll()
    }

    private mutating func takeAll() -> Step {
        defer { self.held = ByteBuffer() }
        return .onlyBody(self.held)
    }

    private func delimiterOffset(from start: Int) -> Int? {
        self.held.withUnsafeReadableBytes { bytes in
            var zeroes = 0
            for offset in start..<bytes.count {
                zeroes = bytes[offset] == 0 ? zeroes + 1 : 0
                if zeroes == Self.delimiter.count { return offset + 1 - zeroes }
            }
            return nil
        }
    }
}
