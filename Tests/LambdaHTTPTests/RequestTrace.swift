import NIOCore
import NIOEmbedded
import NIOHTTP1

@testable import LambdaHTTP

/// What a parser makes of a connection's bytes, as lines of text.
enum RequestTrace {
    static func ours(_ pieces: [String], maxHead: Int = 64 * 1024, maxFields: Int = 256) -> [String] {
        var parser = HTTPRequestParser(maxHeadByteCount: maxHead, maxFieldCount: maxFields)
        var trace = Trace()
        var buffer = ByteBuffer()
        for piece in pieces {
            buffer.writeString(piece)
            while case .part(let part) = parser.next(from: &buffer) {
                switch part {
                case .head(let request, _):
                    trace.head(
                        request.method, request.target, "1.\(request.minorVersion)",
                        request.headers.map { "\($0.name)=\($0.value)" })
                case .body(let bytes): trace.body(bytes)
                case .end(let trailers): trace.end(trailers)
                case .failed(_, let status): trace.lines.append("failed \(status.code)")
                case .inputClosed: break
                }
            }
        }
        return trace.lines
    }

    static func nio(_ text: String) -> [String] {
        let channel = EmbeddedChannel(
            handler: ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
        defer { _ = try? channel.finish() }
        var trace = Trace()
        do {
            try channel.writeInbound(ByteBuffer(string: text))
        } catch {
            trace.lines.append("failed \(error)")
        }
        while let part = try? channel.readInbound(as: HTTPServerRequestPart.self) {
            switch part {
            case .head(let head):
                trace.head(
                    head.method, head.uri, "\(head.version.major).\(head.version.minor)",
                    head.headers.map { "\($0.name)=\(Self.trimmed($0.value))" })
            case .body(let bytes): trace.body(bytes)
            case .end(let trailers): trace.end(trailers)
            }
        }
        return trace.lines
    }

    private static func trimmed(_ value: String) -> String {
        var value = Substring(value)
        while value.last == " " || value.last == "\t" { value.removeLast() }
        return String(value)
    }

    private struct Trace {
        var lines: [String] = []

        mutating func head(_ method: HTTPMethod, _ target: String, _ version: String, _ fields: [String]) {
            self.lines.append(([method.rawValue, target, version] + fields).joined(separator: " "))
        }

        /// Where a body is cut says nothing.
        mutating func body(_ bytes: ByteBuffer) {
            if let last = self.lines.last, last.hasPrefix("body ") {
                self.lines[self.lines.count - 1] = last + String(buffer: bytes)
            } else {
                self.lines.append("body " + String(buffer: bytes))
            }
        }

        mutating func end(_ trailers: HTTPHeaders?) {
            let fields = (trailers ?? [:]).map { "\($0.name)=\($0.value)" }
            self.lines.append((["end"] + fields).joined(separator: " "))
        }
    }
}
