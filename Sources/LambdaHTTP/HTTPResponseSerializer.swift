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

    static func writeHead(
        status: HTTPResponseStatus, headers: [(String, String)], framing: Framing, persistence: Persistence,
        date: String?, into buffer: inout ByteBuffer
    ) {
        self.writeStatusLine(status, into: &buffer)
        for (name, value) in headers { self.writeField(name, value, into: &buffer) }
        if let date {
            buffer.writeStaticString("date: ")
            buffer.writeString(date)
            buffer.writeStaticString("\r\n")
        }
        switch framing {
        case .length(let byteCount):
            buffer.writeStaticString("content-length: ")
            buffer.writeString(String(byteCount))
            buffer.writeStaticString("\r\n")
        case .chunked: buffer.writeStaticString("transfer-encoding: chunked\r\n")
        case .asIs: break
        }
        switch persistence {
        case .implied: buffer.writeStaticString("\r\n")
        case .close: buffer.writeStaticString("connection: close\r\n\r\n")
        case .keepAlive: buffer.writeStaticString("connection: keep-alive\r\n\r\n")
        }
    }

    static func writeTrailers(_ trailers: HTTPHeaders?, into buffer: inout ByteBuffer) {
        buffer.writeStaticString("0\r\n")
        for (name, value) in trailers ?? [:] { self.writeField(name, value, into: &buffer) }
        buffer.writeStaticString("\r\n")
    }

    private static func writeStatusLine(_ status: HTTPResponseStatus, into buffer: inout ByteBuffer) {
        switch status {
        case .ok: buffer.writeStaticString("HTTP/1.1 200 OK\r\n")
        case .accepted: buffer.writeStaticString("HTTP/1.1 202 Accepted\r\n")
        default:
            buffer.writeStaticString("HTTP/1.1 ")
            buffer.writeString(String(status.code))
            buffer.writeStaticString(" ")
            buffer.writeString(status.reasonPhrase)
            buffer.writeStaticString("\r\n")
        }
    }

    /// Values may come from a queue or from a runtime: a line break in one must not begin another field.
    private static func writeField(_ name: String, _ value: String, into buffer: inout ByteBuffer) {
        buffer.writeString(name)
        buffer.writeStaticString(": ")
        let start = buffer.writerIndex
        let byteCount = buffer.writeString(value)
        let isSingleLine = buffer.withUnsafeReadableBytes { bytes in
            bytes.suffix(byteCount).allSatisfy { $0 >= 0x20 || $0 == 0x09 }
        }
        if !isSingleLine {
            let clean = value.utf8.map { $0 >= 0x20 || $0 == 0x09 ? $0 : 0x20 }
            buffer.setBytes(clean, at: start)
        }
        buffer.writeStaticString("\r\n")
    }
}
