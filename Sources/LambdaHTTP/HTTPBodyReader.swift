import NIOCore
import NIOHTTP1

/// Who gets the body of the current exchange.
enum HTTPBodyReader {
    /// The whole body at once.
    case collector(HTTPBodyCollector)
    /// Part by part.
    case stream((HTTPBodyPart) -> Void)
}

/// Puts a body together.
struct HTTPBodyCollector {
    let limit: Int
    let completion: (Result<HTTPBody, HTTPBodyError>) -> Void
    private var bytes: ByteBuffer?

    init(limit: Int, completion: @escaping (Result<HTTPBody, HTTPBodyError>) -> Void) {
        self.limit = limit
        self.completion = completion
    }

    /// Adds a piece. The first is kept as it is; room for all that was announced is made with the second.
    ///
    /// - Returns: `false` when the body is now over the limit.
    mutating func append(_ part: ByteBuffer, declaredByteCount: Int?) -> Bool {
        guard var whole = self.bytes.take() else {
            self.bytes = part
            return part.readableBytes <= self.limit
        }
        guard whole.readableBytes + part.readableBytes <= self.limit else { return false }
        if let declaredByteCount, declaredByteCount > whole.readableBytes + whole.writableBytes {
            whole.reserveCapacity(minimumWritableBytes: declaredByteCount - whole.readableBytes)
        }
        whole.writeImmutableBuffer(part)
        self.bytes = whole
        return true
    }

    /// The body is whole.
    mutating func end(trailers: HTTPHeaders?) {
        self.completion(.success(HTTPBody(bytes: self.bytes.take() ?? ByteBuffer(), trailers: trailers)))
    }
}

extension Optional {
    /// Moves the value out, so that it is not shared (and copied on its next change).
    fileprivate mutating func take() -> Wrapped? {
        let value = self
        self = nil
        return value
    }
}
