package import NIOCore
package import NIOHTTP1

/// A whole request body.
package struct HTTPBody: Sendable {
    /// The bytes; for a body that came in one piece, the very bytes that were read from the socket.
    package var bytes: ByteBuffer
    /// The trailers of a chunked body, where it had any (contract 4.4: Go and Node report errors in them).
    package var trailers: HTTPHeaders?

    package init(bytes: ByteBuffer, trailers: HTTPHeaders? = nil) {
        self.bytes = bytes
        self.trailers = trailers
    }
}

/// A piece of a request body that is streamed.
package enum HTTPBodyPart: Sendable {
    /// Bytes, as they were read. The next part comes after `readNext()`.
    case bytes(ByteBuffer)
    /// The body is whole. Nothing follows.
    case end(trailers: HTTPHeaders?)
    /// The body will never be whole. Nothing follows; the request may still be answered, except when the connection
    /// is gone.
    case failed(HTTPBodyError)
}

/// Why a request body cannot be had.
package enum HTTPBodyError: Error, Sendable, Equatable {
    /// Larger than the limit; with the figure, where the client announced one.
    case tooLarge(declaredByteCount: Int?)
    /// The bodies of other requests take up all the memory that there is for them.
    case noRoom
    /// The client closed the connection before the body's end.
    case truncated
    /// Nothing came for longer than the body time-out.
    case timedOut
    /// The bytes are not HTTP (a bad chunk, for instance).
    case malformed
}
