internal import Glibc

/// The request target (RFC 9112, section 3.2).
package enum HTTPTarget {
    /// Splits a target into its raw path and its raw query. The absolute form, which a client behind a proxy sends,
    /// loses scheme and authority.
    package static func split(_ uri: String) -> (path: Substring, query: Substring?) {
        let target = uri.utf8.first == UInt8(ascii: "/") ? Substring(uri) : self.withoutAuthority(uri)
        guard self.hasQuery(uri) else { return (target, nil) }
        guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return (target, nil) }
        return (target[..<mark], target[target.utf8.index(after: mark)...])
    }

    /// Most targets have none, which memory tells faster than a walk over indices.
    private static func hasQuery(_ uri: String) -> Bool {
        uri.utf8.withContiguousStorageIfAvailable { bytes in bytes.baseAddress.map { memchr($0, 0x3F, bytes.count) != nil } ?? false } ?? true
    }

    private static func withoutAuthority(_ uri: String) -> Substring {
        let bytes = uri.utf8
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), bytes[colon...].starts(with: "://".utf8) else {
            return Substring(uri)
        }
        let authority = bytes.index(colon, offsetBy: 3)
        guard let slash = bytes[authority...].firstIndex(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") })
        else { return "/" }
        return uri[slash...]
    }
}
