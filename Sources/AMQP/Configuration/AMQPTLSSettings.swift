/// How to do TLS with the broker.
///
/// The names are those of RabbitMQ's URI query parameters.
public struct AMQPTLSSettings: Sendable, Hashable {
    /// Whether the broker's certificate is checked.
    public enum Verification: String, Sendable, Hashable, CaseIterable {
        /// The chain must lead to a known authority, and the certificate must name the broker's host.
        case peer = "verify_peer"
        /// Nothing is checked: the connection is private towards a listener, but anybody may be the other end.
        case none = "verify_none"
    }

    /// A PEM file of the authorities to believe.
    ///
    /// Default: nil, the system's own.
    public var cacertfile: String?
    /// A PEM file with the client's certificate, followed by its intermediates.
    ///
    /// Default: nil, no certificate.
    public var certfile: String?
    /// A PEM file with the certificate's private key, without pass phrase.
    ///
    /// Default: nil, which looks in ``certfile``.
    public var keyfile: String?
    /// Whether the broker's certificate is checked.
    ///
    /// Default: ``Verification/peer``.
    public var verify: Verification
    /// The name that is asked for in the handshake (SNI), and that the certificate must hold.
    ///
    /// Default: nil, the endpoint's host, or no name where that is an IP address (the certificate must then hold the
    /// address).
    public var serverName: String?

    /// TLS with the system's authorities and full verification, unless said otherwise.
    ///
    /// - Parameters:
    ///   - cacertfile: The path of a PEM file of the authorities to believe. Default: nil, the system's own.
    ///   - certfile: The path of a PEM file with the client's certificate, followed by its intermediates. Default: nil, no
    ///     certificate.
    ///   - keyfile: The path of a PEM file with the certificate's private key, without pass phrase. Default: nil, which looks
    ///     in `certfile`.
    ///   - verify: Whether the broker's certificate is checked. Default: ``Verification/peer``.
    ///   - serverName: The host name that is asked for and that the certificate must hold, no IP address. Default: nil, the
    ///     endpoint's host.
    public init(
        cacertfile: String? = nil, certfile: String? = nil, keyfile: String? = nil, verify: Verification = .peer,
        serverName: String? = nil
    ) {
        self.cacertfile = cacertfile
        self.certfile = certfile
        self.keyfile = keyfile
        self.verify = verify
        self.serverName = serverName
    }

    /// Checks what can be checked without reading a file.
    ///
    /// - Throws: ``AMQPError/Code/invalidConfiguration``, naming the setting.
    package func validate() throws(AMQPError) {
        guard self.keyfile == nil || self.certfile != nil else {
            throw AMQPError(.invalidConfiguration, "keyfile is set without certfile")
        }
        guard let serverName else { return }
        guard !serverName.isEmpty, !IPAddressText.isAddress(serverName), !serverName.utf8.contains(0) else {
            throw AMQPError(
                .invalidConfiguration, "server_name_indication must be a host name; TLS has no IP addresses there")
        }
    }
}
