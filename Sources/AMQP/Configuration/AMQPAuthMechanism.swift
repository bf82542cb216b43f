/// How a client proves who it is (SASL).
public enum AMQPAuthMechanism: String, Sendable, Hashable, CaseIterable {
    /// User name and password, as SASL's PLAIN (RFC 4616).
    case plain = "PLAIN"
    /// User name and password in an AMQP table, RabbitMQ's older form of PLAIN.
    case amqplain = "AMQPLAIN"
    /// The client certificate says who it is; the broker needs its `rabbitmq_auth_mechanism_ssl` plugin.
    case external = "EXTERNAL"
}
