/// The paths that an entry is for: those that begin with it, on the borders of segments.
package struct PathPrefix: Sendable, Hashable {
    /// `/`: every path. Else without a slash at its end.
    let text: String

    static let all = PathPrefix(known: "/")

    private init(known text: String) {
        self.text = text
    }

    /// - Returns: `nil` for what no path of a request begins with.
    package init?(_ text: String) {
        guard text.utf8.first == UInt8(ascii: "/"), text == "/" || text.utf8.last != UInt8(ascii: "/"),
            !text.contains("//"), text.utf8.count <= 1024, text.utf8.allSatisfy(Self.isPathByte)
        else { return nil }
        self.text = text
    }

    /// What RFC 3986 (section 3.3) lets stand in a path as it is sent.
    private static func isPathByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~!$&'()*+,;=:@%/".utf8.contains(byte)
        }
    }

    /// A path without the prefix, which it begins with: `/` at least.
    func strip(from path: Substring) -> Substring {
        guard self != .all else { return path }
        let rest = path.utf8.dropFirst(self.text.utf8.count)
        return rest.isEmpty ? "/" : Substring(rest)
    }
}

extension PathPrefix: CustomStringConvertible {
    package var description: String { self.text }
}
