package import NIOCore
package import NIOHTTP1

/// One request and the means to answer it.
///
/// A connection has one exchange at a time: the next pipelined request is delivered when this one's response has been
/// written and its body has been consumed. A body that nobody asked for is thrown away after the response.
// @unchecked: every member is used on `eventLoop` only (asserted).
package final class HTTPExchange: @unchecked Sendable {
    /// The method and the header fields.
    package let head: HTTPRequest
    /// The path as it was sent, still percent-encoded, without the query.
    package let path: Substring
    /// The query as it was sent, without its `?`.
    package let query: Substring?
    /// Called once if the connection is gone before `respond` was called, or before a streamed response was ended.
    package var onAbort: (() -> Void)?

    private let connection: HTTPConnectionHandler

    init(head: HTTPRequest, connection: HTTPConnectionHandler) {
        self.head = head
        self.connection = connection
        (self.path, self.query) = HTTPTarget.split(head.target)
    }

    /// Whether the answer goes out without its body.
    var isHead: Bool {
        if case .HEAD = self.head.method { true } else { false }
    }

    /// The loop on which everything here is called, and calls back.
    package var eventLoop: any EventLoop { self.connection.eventLoop }

    /// Whether the request came over TLS.
    package var isSecure: Bool { self.connection.isSecure }

    /// The client's address.
    package var remoteAddress: SocketAddress? { self.connection.remoteAddress }

    /// Collects the whole body. `Expect: 100-continue` is answered now.
    ///
    /// Fails with `.tooLarge` as soon as the size is known to be over the limit; the rest of the body is then thrown
    /// away (up to the configured `drainLimit`, beyond which the connection is closed after the response), so that
    /// the client can read the answer. A body that came in one piece is passed on without a copy.
    ///
    /// - Parameters:
    ///   - limit: The largest size in bytes.
    ///   - completion: Called exactly once, perhaps before this method returns.
    package func collectBody(upTo limit: Int, _ completion: @escaping (Result<HTTPBody, HTTPBodyError>) -> Void) {
        self.eventLoop.assertInEventLoop()
        self.connection.readBody(of: self, by: .collector(HTTPBodyCollector(limit: limit, completion: completion)))
    }

    /// Streams the body, one part at a time: the first part comes unasked, each further one after ``readNext()``.
    ///
    /// - Parameter receiver: Called for each part, perhaps before this method returns; not again after `.end` or
    ///   `.failed`.
    package func streamBody(_ receiver: @escaping (HTTPBodyPart) -> Void) {
        self.eventLoop.assertInEventLoop()
        self.connection.readBody(of: self, by: .stream(receiver))
    }

    /// Asks for the next part of a streamed body. The socket is not read further until then.
    package func readNext() {
        self.eventLoop.assertInEventLoop()
        self.connection.readNextPart(of: self)
    }

    /// Answers with a whole response. `content-length` is set here; a response to HEAD goes out without its body.
    ///
    /// Does nothing when the connection is gone.
    ///
    /// - Parameters:
    ///   - status: The status.
    ///   - headers: Header fields, without those that frame the message. Line breaks in values become spaces.
    ///   - body: The body, or `nil` for an empty one.
    package func respond(status: HTTPResponseStatus, headers: [(String, String)], body: ByteBuffer?) {
        self.respond(status: status, body: body) { writer in
            for (name, value) in headers { writer.field(name, value) }
        }
    }

    /// Answers with a whole response whose header fields are written straight into it.
    ///
    /// - Parameters:
    ///   - status: The status.
    ///   - body: The body, or `nil` for an empty one.
    ///   - fields: Writes the header fields, without those that frame the message. May be called twice.
    package func respond(
        status: HTTPResponseStatus, body: ByteBuffer?, fields: (inout HTTPFieldWriter) -> Void
    ) {
        self.eventLoop.assertInEventLoop()
        self.connection.respond(to: self, status: status, body: body, fields: fields)
    }

    /// Begins a response whose body comes piece by piece: chunked, unless the headers have a `content-length`.
    ///
    /// - Parameters:
    ///   - status: The status.
    ///   - headers: Header fields.
    /// - Returns: What writes the body. It is inert when the connection is gone.
    package func startStreaming(status: HTTPResponseStatus, headers: [(String, String)]) -> HTTPResponseWriter {
        self.eventLoop.assertInEventLoop()
        return self.connection.startStreaming(to: self, status: status, headers: headers)
    }
}
