/// An AMQP URI: where a broker is and how to connect to it, in one line.
///
/// The syntax is RabbitMQ's URI specification, with several hosts separated by commas and these query keys:
///
/// | key | value | default |
/// |---|---|---|
/// | `heartbeat` | whole seconds, 0 to 65535; 0 = none | 60 |
/// | `connection_timeout` | whole milliseconds, for one attempt on one host | 10000 |
/// | `connection_attempts` | rounds through the hosts at the first connect | 1 |
/// | `retry_delay` | seconds between two rounds, decimals allowed | 2 |
/// | `channel_max` | 0 to 65535; 0 leaves it to the broker | 2047 |
/// | `auth_mechanism` | `plain`, `amqplain` or `external`; may be repeated, the preferred one first | plain, amqplain |
/// | `cacertfile` | PEM file of authorities (`amqps` only) | the system's |
/// | `certfile`, `keyfile` | PEM files of the client's certificate and key (`amqps` only) | none |
/// | `verify` | `verify_peer` or `verify_none` (`amqps` only) | `verify_peer` |
/// | `server_name_indication` | host name that the certificate must hold (`amqps` only) | the host |
///
/// Another key is an error. Printing the URI shows no password.
public struct AMQPURI: Sendable {
    /// The user name, where the URI has one.
    public let username: String?
    /// The password, where the URI has one.
    public let password: String?
    /// Everything else; its user name and password are not the URI's.
    private let settings: AMQPConfiguration

    /// Reads a URI.
    ///
    /// - Parameter text: An `amqp://` or `amqps://` URI; reserved characters in its parts are percent-encoded.
    /// - Throws: ``AMQPError/Code/invalidConfiguration`` with one line that names the part or key at fault. It shows
    ///   nothing that may belong to a password.
    public init(_ text: String) throws(AMQPError) {
        let parts = try AMQPURIParts(text)
        var settings = AMQPConfiguration()
        settings.endpoints = parts.endpoints
        settings.virtualHost = parts.virtualHost
        settings.tls = parts.usesTLS ? AMQPTLSSettings() : nil
        do throws(AMQPError) {
            try AMQPURIQuery(parts.query).apply(to: &settings)
        } catch {
            throw parts.mayHaveSplitPassword ? AMQPURIParts.badUserInfo : error
        }
        self.username = parts.username
        self.password = parts.password
        self.settings = settings
        try self.configuration().validate()
    }

    /// The configuration that the URI describes.
    ///
    /// - Parameters:
    ///   - username: The user where the URI names none; `guest` when nil.
    ///   - password: The password where the URI has none; `guest` when nil.
    /// - Returns: The configuration, valid.
    public func configuration(username: String? = nil, password: String? = nil) -> AMQPConfiguration {
        var configuration = self.settings
        configuration.username = self.username ?? username ?? configuration.username
        configuration.password = self.password ?? password ?? configuration.password
        return configuration
    }
}

extension AMQPURI: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The URI with `***` for its password, and without the query.
    public var description: String {
        RedactedURI(configuration: self.settings, username: self.username, hasPassword: self.password != nil).text
    }

    /// The same as ``description``.
    public var debugDescription: String { self.description }

    /// A mirror that shows no password.
    public var customMirror: Mirror {
        Mirror(self, children: ["uri": self.description], displayStyle: .struct)
    }
}

extension AMQPConfiguration {
    /// The configuration that an AMQP URI describes.
    ///
    /// - Parameters:
    ///   - uri: An `amqp://` or `amqps://` URI, see ``AMQPURI``.
    ///   - username: The user where the URI names none; `guest` when nil.
    ///   - password: The password where the URI has none; `guest` when nil.
    /// - Throws: ``AMQPError/Code/invalidConfiguration``, naming the part, key or setting at fault.
    public init(uri: String, username: String? = nil, password: String? = nil) throws(AMQPError) {
        self = try AMQPURI(uri).configuration(username: username, password: password)
        try self.validate()
    }
}
