package import NIOCore
package import NIOHTTP1

/// Writes the body of a streamed response.
// @unchecked: every member is used on the exchange's event loop only (asserted).
package final class HTTPResponseWriter: @unchecked Sendable {
    /// Called each time the connection takes bytes again after ``write(_:)`` returned `false`.
    package var onWritable: (() -> Void)?

    private let exchange: HTTPExchange
    private let connection: HTTPConnectionHandler

    init(exchange: HTTPExchange, connection: HTTPConnectionHandler) {
        self.exchange = exchange
        self.connection = connection
    }

    /// Writes bytes. They leave with the end of the loop's turn.
    ///
    /// - Returns: `false` when the client reads too slowly: what was given is kept, but wait for ``onWritable`` before
    ///   more. Also `false`, for good, when the connection is gone (the exchange's `onAbort` has told).
    package func write(_ bytes: ByteBuffer) -> Bool {
        self.exchange.eventLoop.assertInEventLoop()
        return self.connection.writeStreamed(bytes, of: self.exchange)
    }

    /// Ends the response.
    ///
    /// - Parameter trailers: Trailer fields; sent only where the response is chunked.
    package func end(trailers: HTTPHeaders? = nil) {
        self.exchange.eventLoop.assertInEventLoop()
        self.connection.endStreamed(trailers: trailers, of: self.exchange)
    }

    /// Closes the connection, so that the client sees that the response is not whole.
    package func abort() {
        self.exchange.eventLoop.assertInEventLoop()
        self.connection.abortStreamed(of: self.exchange)
    }
}
