/// One `host`, `host:port` or `[IPv6]:port` of an AMQP URI.
struct AMQPURIHost {
    let endpoint: AMQPEndpoint

    init(_ bytes: ArraySlice<UInt8>, defaultPort: Int) throws(AMQPError) {
        let isBracketed = bytes.first == UInt8(ascii: "[")
        let host: String
        let portPart: ArraySlice<UInt8>
        if isBracketed {
            guard let bracket = bytes.firstIndex(of: UInt8(ascii: "]")) else {
                throw AMQPURIParts.error("an IPv6 address lacks its closing bracket")
            }
            host = try Self.ipv6Address(bytes[..<bracket].dropFirst())
            portPart = bytes[(bracket + 1)...]
        } else {
            let name = bytes.prefix { $0 != UInt8(ascii: ":") }
            host = try Self.name(name)
            portPart = bytes[name.endIndex...]
        }
        self.endpoint = AMQPEndpoint(host: host, port: try Self.port(portPart) ?? defaultPort)
    }

    private static func ipv6Address(_ bytes: ArraySlice<UInt8>) throws(AMQPError) -> String {
        guard let text = PercentCoding.decodeText(bytes), IPAddressText.isIPv6Address(text) else {
            throw AMQPURIParts.error("what stands in brackets is not an IPv6 address")
        }
        return text
    }

    private static func name(_ bytes: ArraySlice<UInt8>) throws(AMQPError) -> String {
        guard !bytes.isEmpty else { throw AMQPURIParts.error("a host is missing") }
        guard let name = PercentCoding.decodeText(bytes), name.utf8.count <= 253, name.utf8.allSatisfy(Self.isAllowed)
        else {
            throw AMQPURIParts.error("a host is not a host name or address of letters, digits, '-', '.' and '_'")
        }
        return name
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// The port behind a `:`; nil where there is nothing.
    private static func port(_ bytes: ArraySlice<UInt8>) throws(AMQPError) -> Int? {
        guard let colon = bytes.first else { return nil }
        guard colon == UInt8(ascii: ":"), let port = DecimalText.integer(bytes.dropFirst(), in: 1...65535) else {
            throw AMQPURIParts.error("a port is not a number from 1 to 65535 (an IPv6 address needs brackets)")
        }
        return port
    }
}
