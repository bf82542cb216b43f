import LambdaProtocol
import NIOCore

/// A request's body as an event carries it (contract 12.2).
enum EventBody: Equatable {
    case none
    /// Bytes that are UTF-8.
    case text(ByteBuffer)
    case base64(String)

    /// Text only where the media type says so, and the bytes are; base64 is right in every case.
    init(_ body: ByteBuffer, contentType: String?, contentEncoding: String?) {
        guard body.readableBytes > 0 else {
            self = .none
            return
        }
        let isText = contentEncoding == nil && contentType.map(Self.isText) == true && Self.isUTF8(body)
        self = isText ? .text(body) : .base64(body.withUnsafeReadableBytes { Base64.encode($0) })
    }

    var isBase64: Bool {
        if case .base64 = self { true } else { false }
    }

    private static func isText(_ contentType: String) -> Bool {
        let type = contentType.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased()
        switch type {
        case "application/json", "application/javascript", "application/xml": return true
        default:
            let isStructured = type.hasSuffix("+json") || type.hasSuffix("+xml")
            return type.hasPrefix("text/") || type.hasPrefix("application/") && isStructured
        }
    }

    private static func isUTF8(_ body: ByteBuffer) -> Bool {
        body.withUnsafeReadableBytes { String(validating: $0, as: UTF8.self) != nil }
    }
}
