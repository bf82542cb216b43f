import NIOCore
import NIOHTTP1

/// Turns responses into bytes.
enum HTTPResponseSerializer {
    /// How the end of a body is told.
    enum Framing {
        case length(Int)
        case chunked
        /// `content-length` stands in the headers, or the connection's end is the body's, or there is none.
        case asIs
    }

    /// What the `connection` field says.
    enum Persistence {
        case implied
        case close
        /// HTTP/1.0 clients want to be told.
        case keepAlive
    }

    static let `continue`: StaticString = "HTTP/1.1 100 Continue\r\n\r\n"

    /// Writes a head, and the body behind it where there is one to be copied.
    ///
    /// - Parameter fields: Writes the fields that do not frame the message; called again when there was no room.
    static func writeHead(
        status: HTTPResponseStatus, framing: Framing, persistence: Persistence, date: String?, body: ByteBuffer? = nil,
        into buffer: inout ByteBuffer, fields: (inout HTTPFieldWriter) -> Void
    ) {
        buffer.writeText(usualByteCount: self.usualHeadByteCount + (body?.readableBytes ?? 0)) { text in
            self.writeStatusLine(status, to: &text)
            var writer = HTTPFieldWriter(text)
            fields(&writer)
            self.writeFraming(framing, date: date, to: &writer)
            text = writer.text
            self.writeEnd(persistence, to: &text)
            body?.withUnsafeReadableBytes { text.write($0) }
        }
    }

    private static let usualHeadByteCount = 1024

    private static func writeFraming(_ framing: Framing, date: String?, to writer: inout HTTPFieldWriter) {
        if let date { writer.field("date", date) }
        switch framing {
        case .length(let byteCount): writer.field("content-length", Int64(byteCount))
        case .chunked: writer.field("transfer-encoding", "chunked")
        case .asIs: break
        }
    }

    private static func writeEnd(_ persistence: Persistence, to text: inout TextWriter) {
        switch persistence {
        case .implied: text.write("\r\n")
        case .close: text.write("connection: close\r\n\r\n")
        case .keepAlive: text.write("connection: keep-alive\r\n\r\n")
        }
    }

    private static func writeStatusLine(_ status: HTTPResponseStatus, to text: inout TextWriter) {
        switch status {
        case .ok: text.write("HTTP/1.1 200 OK\r\n")
        case .accepted: text.write("HTTP/1.1 202 Accepted\r\n")
        default:
            text.write("HTTP/1.1 ")
            text.write(decimal: Int64(status.code))
            text.write(" ")
            text.write(status.reasonPhrase)
            text.write("\r\n")
        }
    }

    static func writeTrailers(_ trailers: HTTPHeaders?, into buffer: inout ByteBuffer) {
        buffer.writeText(usualByteCount: self.usualHeadByteCount) { text in
            text.write("0\r\n")
            var writer = HTTPFieldWriter(text)
            for (name, value) in trailers ?? [:] { writer.field(name, value) }
            text = writer.text
            text.write("\r\n")
        }
    }
}
