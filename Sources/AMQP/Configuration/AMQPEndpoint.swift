/// Where a broker listens.
public struct AMQPEndpoint: Sendable, Hashable, CustomStringConvertible {
    /// The port of plain AMQP.
    public static let plainPort = 5672
    /// The port of AMQP over TLS.
    public static let tlsPort = 5671

    /// A host name, an IPv4 address, or an IPv6 address without brackets.
    public var host: String
    /// The TCP port, 1 to 65 535.
    public var port: Int

    /// A broker at a host and port.
    ///
    /// - Parameters:
    ///   - host: A host name, an IPv4 address, or an IPv6 address without brackets.
    ///   - port: The TCP port, 1 to 65 535. Default: 5672, that of plain AMQP; ``tlsPort`` is that of TLS.
    public init(host: String, port: Int = AMQPEndpoint.plainPort) {
        self.host = host
        self.port = port
    }

    /// `host:port`, with brackets around an IPv6 address.
    public var description: String {
        self.host.utf8.contains(UInt8(ascii: ":")) ? "[\(self.host)]:\(self.port)" : "\(self.host):\(self.port)"
    }
}
