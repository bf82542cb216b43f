/// The keys and values behind the `?` of an AMQP URI (RabbitMQ's URI query parameters, and pika's two for the first
/// connect).
struct AMQPURIQuery {
    private var items: [(key: String, value: String)] = []

    /// Takes the query apart; which keys there are is checked by ``apply(to:)``.
    init(_ query: ArraySlice<UInt8>) throws(AMQPError) {
        for item in query.split(separator: UInt8(ascii: "&")) {
            let keyBytes = item.prefix { $0 != UInt8(ascii: "=") }
            let key = try Self.key(keyBytes)
            let valueBytes = item[keyBytes.endIndex...].dropFirst()
            guard let value = PercentCoding.decodeText(valueBytes), !value.utf8.contains(0) else {
                throw AMQPURIParts.error("the value of \(key) is not percent-encoded UTF-8")
            }
            guard !value.isEmpty else { throw AMQPURIParts.error("\(key) has no value") }
            guard key == "auth_mechanism" || !self.items.contains(where: { $0.key == key }) else {
                throw AMQPURIParts.error("\(key) is given twice")
            }
            self.items.append((key, value))
        }
    }

    /// A key is repeated in errors, so it must look like one: it may be the end of a password with a bare `?`.
    private static func key(_ bytes: ArraySlice<UInt8>) throws(AMQPError) -> String {
        func isAllowed(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard (1...40).contains(bytes.count), bytes.allSatisfy(isAllowed) else {
            throw AMQPURIParts.error("a query key is not a word of letters and '_'")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Sets what the keys say.
    ///
    /// - Throws: ``AMQPError/Code/invalidConfiguration``, naming the key.
    func apply(to configuration: inout AMQPConfiguration) throws(AMQPError) {
        var mechanisms: [AMQPAuthMechanism] = []
        for (key, value) in self.items {
            switch key {
            case "heartbeat":
                let seconds = try Self.integer(key, value, in: 0...65535, "whole seconds")
                configuration.heartbeat = .seconds(seconds)
            case "connection_timeout":
                let milliseconds = try Self.integer(key, value, in: 1...86_400_000, "whole milliseconds")
                configuration.connectionTimeout = .milliseconds(milliseconds)
            case "connection_attempts":
                configuration.connectionAttempts = try Self.integer(key, value, in: 1...1_000_000_000, "a number")
            case "retry_delay":
                configuration.retryDelay = try Self.seconds(key, value)
            case "channel_max":
                configuration.channelMax = try Self.integer(key, value, in: 0...65535, "a number")
            case "auth_mechanism":
                let mechanism = try Self.mechanism(key, value)
                if !mechanisms.contains(mechanism) { mechanisms.append(mechanism) }
            case "cacertfile", "certfile", "keyfile", "verify", "server_name_indication":
                try Self.applyTLS(key, value, to: &configuration.tls)
            default:
                throw AMQPURIParts.error("unknown key \(key)")
            }
        }
        if !mechanisms.isEmpty { configuration.authMechanisms = mechanisms }
    }

    private static func applyTLS(_ key: String, _ value: String, to settings: inout AMQPTLSSettings?) throws(AMQPError)
    {
        guard settings != nil else { throw AMQPURIParts.error("\(key) needs TLS: amqps:// in place of amqp://") }
        switch key {
        case "cacertfile": settings?.cacertfile = value
        case "certfile": settings?.certfile = value
        case "keyfile": settings?.keyfile = value
        case "server_name_indication": settings?.serverName = value
        default:
            guard let verify = AMQPTLSSettings.Verification(rawValue: value) else {
                throw self.bad(key, value, "verify_peer or verify_none")
            }
            settings?.verify = verify
        }
    }

    private static func integer(
        _ key: String, _ value: String, in range: ClosedRange<Int>, _ unit: String
    ) throws(AMQPError) -> Int {
        guard let number = DecimalText.integer(value.utf8, in: range) else {
            throw self.bad(key, value, "\(unit) from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private static func seconds(_ key: String, _ value: String) throws(AMQPError) -> Duration {
        guard let duration = DecimalText.seconds(value.utf8) else {
            throw self.bad(key, value, "seconds from 0 to 86400, with at most nine decimals")
        }
        return duration
    }

    private static func mechanism(_ key: String, _ value: String) throws(AMQPError) -> AMQPAuthMechanism {
        guard let mechanism = AMQPAuthMechanism(rawValue: value.uppercased()) else {
            throw self.bad(key, value, "plain, amqplain or external")
        }
        return mechanism
    }

    private static func bad(_ key: String, _ value: String, _ expected: String) -> AMQPError {
        AMQPURIParts.error("\(key) must be \(expected), not '\(value.prefix(40))'")
    }
}
