import NIOCore

/// Tells IP addresses from host names.
enum IPAddressText {
    /// Whether a text is an IPv4 or IPv6 address, with or without a zone (`fe80::1%eth0`).
    static func isAddress(_ text: String) -> Bool {
        let address = text.prefix { $0 != "%" }
        return (try? SocketAddress(ipAddress: String(address), port: 0)) != nil
    }

    /// Whether a text is an IPv6 address, with or without a zone.
    static func isIPv6Address(_ text: String) -> Bool {
        text.utf8.contains(UInt8(ascii: ":")) && self.isAddress(text)
    }
}
