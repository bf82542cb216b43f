/// Whether a certificate's name is the broker's (RFC 6125, 6.4).
///
/// Pure.
package enum CertificateName {
    /// Compares a `dNSName` of a certificate with the name that was asked for.
    ///
    /// Letters' case and a dot at the end make no difference. A `*` stands for the whole first label and for no more; a
    /// pattern such as `*` alone, `*.com` with nothing before it, or `a*.example.com` matches nothing.
    package static func matches(_ name: String, pattern: some Collection<UInt8>) -> Bool {
        let name = Self.labels(name.utf8)
        let pattern = Self.labels(pattern)
        guard name.count == pattern.count, !name.contains([]), !pattern.contains([]) else { return false }
        guard pattern[0] == [UInt8(ascii: "*")] else { return name == pattern }
        return pattern.count > 2 && name.dropFirst() == pattern.dropFirst()
    }

    private static func labels(_ name: some Collection<UInt8>) -> [[UInt8]] {
        var labels = name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            .map { $0.map(Self.lowercased) }
        if labels.count > 1, labels.last == [] { labels.removeLast() }
        return labels
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
