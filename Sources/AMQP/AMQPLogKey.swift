/// The keys of what connections log, in one place.
enum AMQPLogKey {
    /// Host and port.
    static let broker = "broker"
    /// The broker's product and version.
    static let version = "version"
    /// The virtual host.
    static let virtualHost = "vhost"
    /// What went wrong.
    static let error = "error"
    /// How long until the next attempt.
    static let retryIn = "retryIn"
    /// Why the broker takes no messages, in its words.
    static let reason = "reason"
}
