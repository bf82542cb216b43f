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
        var needed = self.usualHeadByteCount + (body?.readableBytes ?? 0)
        var isWritten = false
        while !isWritten {
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: needed) { memory in
                var writer = HTTPFieldWriter(memory: memory)
                self.writeStatusLine(status, to: &writer)
                fields(&writer)
                self.writeEnd(framing, persistence, date: date, to: &writer)
                body?.withUnsafeReadableBytes { writer.write($0) }
                needed = writer.byteCount
                isWritten = writer.fits
                return isWritten ? writer.byteCount : 0
            }
        }
    }

    private static let usualHeadByteCount = 1024

    private static func writeEnd(
        _ framing: Framing, _ persistence: Persistence, date: String?, to writer: inout HTTPFieldWriter
    ) {
        if let date { writer.field("date", date) }
        switch framing {
        case .length(let byteCount): writer.field("content-length", Int64(byteCount))
        case .chunked: writer.write("transfer-encoding: chunked\r\n")
        case .asIs: break
        }
        switch persistence {
        case .implied: writer.write("\r\n")
        case .close: writer.write("connection: close\r\n\r\n")
        case .keepAlive: writer.write("connection: keep-alive\r\n\r\n")
        }
    }

    private static func writeStatusLine(_ status: HTTPResponseStatus, to writer: inout HTTPFieldWriter) {
        switch status {
        case .ok: writer.write("HTTP/1.1 200 OK\r\n")
        case .accepted: writer.write("HTTP/1.1 202 Accepted\r\n")
        default:
            writer.write("HTTP/1.1 ")
            writer.write(decimal: Int64(status.code))
            writer.write(" ")
            writer.write(status.reasonPhrase)
            writer.write("\r\n")
        }
    }

    static func writeTrailers(_ trailers: HTTPHeaders?, into buffer: inout ByteBuffer) {
        var needed = self.usualHeadByteCount
        var isWritten = false
        while !isWritten {
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: needed) { memory in
                var writer = HTTPFieldWriter(memory: memory)
                writer.write("0\r\n")
                for (name, value) in trailers ?? [:] { writer.field(name, value) }
                writer.write("\r\n")
                needed = writer.byteCount
                isWritten = writer.fits
                return isWritten ? writer.byteCount : 0
            }
        }
    }
}
