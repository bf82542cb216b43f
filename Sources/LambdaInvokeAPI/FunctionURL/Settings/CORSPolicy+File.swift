import LambdaHTTP
import NIOCore

extension CORSPolicy {
    /// Reads the member `cors`, whose own members have AWS's names and limits (contract 12.4).
    init(_ text: ByteBuffer, at place: String) throws(SettingsFileError) {
        var object = try StrictObject(text, at: place)
        self.init()
        self.allowsCredentials = try object.boolean("AllowCredentials") ?? false
        self.allowedHeaders = try object.strings("AllowHeaders", upTo: 100, Self.isHeader)?.map { $0.lowercased() } ?? []
        self.allowedMethods = try object.strings("AllowMethods", upTo: 6, Self.methods.contains) ?? []
        self.allowedOrigins = try object.strings("AllowOrigins", upTo: 100, Self.isOrigin)?.map { $0.lowercased() } ?? []
        self.exposedHeaders = try object.strings("ExposeHeaders", upTo: 100, Self.isHeader) ?? []
        self.maxAge = try object.integer("MaxAge", in: 0...86_400) ?? 0
        try object.end()
    }

    /// OPTIONS is what browsers ask with, and never what they ask for.
    private static let methods = ["GET", "PUT", "HEAD", "POST", "PATCH", "DELETE", "*"]

    private static func isHeader(_ text: String) -> Bool {
        text.utf8.count <= 1024 && HTTPFieldSyntax.isName(text)
    }

    /// `*`, or what a browser sends: scheme and host, without a path.
    private static func isOrigin(_ text: String) -> Bool {
        guard text != "*" else { return true }
        guard (1...253).contains(text.utf8.count), let colon = text.range(of: "://") else { return false }
        let host = text[colon.upperBound...]
        return !text[..<colon.lowerBound].isEmpty && !host.isEmpty
            && host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "*") }
    }
}

extension String {
    /// Without Foundation.
    fileprivate func range(of text: String) -> Range<String.Index>? {
        self.indices.lazy.compactMap { start in
            self[start...].hasPrefix(text) ? start..<self.index(start, offsetBy: text.count) : nil
        }.first
    }
}
