/// A configuration as a URI for people to read: without password and query.
struct RedactedURI {
    let text: String

    init(configuration: AMQPConfiguration) {
        self.init(configuration: configuration, username: configuration.username, hasPassword: true)
    }

    init(configuration: AMQPConfiguration, username: String?, hasPassword: Bool) {
        var text = configuration.tls == nil ? "amqp://" : "amqps://"
        if username != nil || hasPassword {
            text += PercentCoding.encode(username ?? "") + (hasPassword ? ":***@" : "@")
        }
        text += configuration.endpoints.map(\.description).joined(separator: ",")
        text += "/" + (configuration.virtualHost == "/" ? "" : PercentCoding.encode(configuration.virtualHost))
        self.text = text
    }
}
