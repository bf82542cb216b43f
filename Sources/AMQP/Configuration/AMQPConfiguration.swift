/// Everything that a connection to RabbitMQ is told before it starts.
///
/// ``init(uri:username:password:)`` reads it from an AMQP URI. Printing a configuration shows no password.
public struct AMQPConfiguration: Sendable {
    /// The brokers of one cluster, tried in turn.
    ///
    /// Default: `localhost:5672`.
    public var endpoints: [AMQPEndpoint]
    /// The virtual host, at most 255 bytes.
    ///
    /// Default: `/`.
    public var virtualHost: String
    /// The user for PLAIN and AMQPLAIN.
    ///
    /// Default: `guest`.
    public var username: String
    /// The user's password.
    ///
    /// Default: `guest`.
    public var password: String
    /// How to do TLS; nil for plain TCP.
    ///
    /// Default: nil.
    public var tls: AMQPTLSSettings?
    /// How often each side shows that it is alive, in whole seconds, at most 65 535 s; the broker may ask for less.
    ///
    /// A peer that is silent for twice as long is dead.
    ///
    /// Nil or zero: no heartbeats; TCP keepalive and `TCP_USER_TIMEOUT` then notice a peer that has vanished.
    /// Default: 60 s.
    public var heartbeat: Duration?
    /// How long one attempt on one endpoint may take, from TCP connect to the opened virtual host.
    ///
    /// Default: 10 s.
    public var connectionTimeout: Duration
    /// How many rounds through the endpoints the first connect makes before it fails.
    ///
    /// Later reconnects never give up. Default: 1.
    public var connectionAttempts: Int
    /// The pause between two rounds of the first connect.
    ///
    /// Default: 2 s.
    public var retryDelay: Duration
    /// The most channels of the connection, 0 to 65 535; 0 leaves it to the broker.
    ///
    /// Default: 2047.
    public var channelMax: Int
    /// The largest frame in bytes, head and end included, 8192 (RabbitMQ 4.1's minimum) to 16 777 216; the broker may
    /// ask for less.
    ///
    /// Default: 131 072.
    public var frameMax: Int
    /// The mechanisms that may be used, the preferred one first; the first that the broker offers is taken.
    ///
    /// Default: PLAIN, AMQPLAIN.
    public var authMechanisms: [AMQPAuthMechanism]
    /// What the broker's management pages and logs call this connection.
    ///
    /// Default: nil.
    public var connectionName: String?
    /// The largest body in bytes that is sent or received; a larger one that arrives closes the connection, since its
    /// buffer would be without bounds.
    ///
    /// Default: 128 MiB, RabbitMQ's own limit unless it is set otherwise (512 MiB at most).
    public var maxMessageByteCount: Int
    /// How many bytes may wait to be written before publishing has to wait, too.
    ///
    /// Default: 16 MiB.
    public var outboundBufferLimit: Int

    /// A configuration with the defaults: `guest` at `localhost:5672`, without TLS.
    public init() {
        self.endpoints = [AMQPEndpoint(host: "localhost")]
        self.virtualHost = "/"
        self.username = "guest"
        self.password = "guest"
        self.tls = nil
        self.heartbeat = .seconds(60)
        self.connectionTimeout = .seconds(10)
        self.connectionAttempts = 1
        self.retryDelay = .seconds(2)
        self.channelMax = 2047
        self.frameMax = 131_072
        self.authMechanisms = [.plain, .amqplain]
        self.connectionName = nil
        self.maxMessageByteCount = 128 * 1024 * 1024
        self.outboundBufferLimit = 16 * 1024 * 1024
    }
}

// A struct prints all of its properties unless it says otherwise; this one holds a password.
extension AMQPConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The configuration's URI without its password.
    public var description: String {
        RedactedURI(configuration: self).text
    }

    /// The same as ``description``.
    public var debugDescription: String { self.description }

    /// A mirror that shows no password.
    public var customMirror: Mirror {
        Mirror(self, children: ["uri": self.description], displayStyle: .struct)
    }
}
