/// The parts of an AMQP URI, taken apart and decoded; the query's keys are ``AMQPURIQuery``'s.
///
/// Works on bytes, since a `/` with a combining mark behind it is another `Character`. No error repeats any of the text:
/// where a password holds a `/`, `?`, `:` or `@` that is not encoded, every part may be a piece of it.
struct AMQPURIParts {
    private(set) var usesTLS = false
    private(set) var username: String?
    private(set) var password: String?
    private(set) var endpoints: [AMQPEndpoint] = []
    private(set) var virtualHost = "/"
    /// What stands behind the `?`, still encoded.
    private(set) var query: ArraySlice<UInt8> = []

    init(_ text: String) throws(AMQPError) {
        let bytes = Array(text.utf8)[...]
        guard !bytes.isEmpty else { throw Self.error("it is empty") }
        guard bytes.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw Self.error("a space or control character must be percent-encoded")
        }
        guard !bytes.contains(UInt8(ascii: "#")) else { throw Self.error("a '#' must be percent-encoded (%23)") }

        var rest = try self.takeScheme(bytes)
        let authority = rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        rest = rest[authority.endIndex...]
        let hosts = try self.takeUserInfo(authority, hasAtSignBehind: rest.contains(UInt8(ascii: "@")))
        try self.readHosts(hosts)

        let path = rest.prefix { $0 != UInt8(ascii: "?") }
        try self.readVirtualHost(path)
        self.query = rest[path.endIndex...].dropFirst()
    }

    /// Whether the query may be the end of a password with a bare `@` and a bare `?`: its errors tell keys and values.
    var mayHaveSplitPassword: Bool { self.username != nil && self.query.contains(UInt8(ascii: "@")) }

    static func error(_ message: String) -> AMQPError {
        AMQPError(.invalidConfiguration, "AMQP URI: \(message)")
    }

    private mutating func takeScheme(_ bytes: ArraySlice<UInt8>) throws(AMQPError) -> ArraySlice<UInt8> {
        for (scheme, usesTLS) in [("amqp://", false), ("amqps://", true)] {
            // Setting the 0x20 bit makes ASCII letters small and leaves ':' and '/' as they are (RFC 3986, 3.1).
            if bytes.prefix(scheme.utf8.count).map({ $0 | 0x20 }) == Array(scheme.utf8) {
                self.usesTLS = usesTLS
                return bytes.dropFirst(scheme.utf8.count)
            }
        }
        throw Self.error("it must start with amqp:// or amqps://")
    }

    /// Reads user name and password, and returns the hosts behind them.
    private mutating func takeUserInfo(
        _ authority: ArraySlice<UInt8>, hasAtSignBehind: Bool
    ) throws(AMQPError) -> ArraySlice<UInt8> {
        guard let atSign = authority.firstIndex(of: UInt8(ascii: "@")) else {
            guard !hasAtSignBehind else { throw Self.badUserInfo }
            return authority
        }
        let hosts = authority[(atSign + 1)...]
        guard !hosts.contains(UInt8(ascii: "@")) else { throw Self.badUserInfo }
        let userInfo = authority[..<atSign]
        let name = userInfo.prefix { $0 != UInt8(ascii: ":") }
        self.username = try Self.credential(name, what: "user name")
        if name.endIndex < userInfo.endIndex {
            self.password = try Self.credential(userInfo[(name.endIndex + 1)...], what: "password")
        }
        return hosts
    }

    static var badUserInfo: AMQPError {
        self.error("an '@', '/', '?' or ':' in a user name, password or value must be percent-encoded")
    }

    private static func credential(_ bytes: ArraySlice<UInt8>, what: String) throws(AMQPError) -> String {
        guard let text = PercentCoding.decodeText(bytes) else {
            throw self.error("the \(what) is not percent-encoded UTF-8")
        }
        guard !text.utf8.contains(0) else { throw self.error("the \(what) holds a zero byte") }
        return text
    }

    private mutating func readHosts(_ hosts: ArraySlice<UInt8>) throws(AMQPError) {
        let defaultPort = self.usesTLS ? AMQPEndpoint.tlsPort : AMQPEndpoint.plainPort
        for host in hosts.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            self.endpoints.append(try AMQPURIHost(host, defaultPort: defaultPort).endpoint)
        }
    }

    private mutating func readVirtualHost(_ path: ArraySlice<UInt8>) throws(AMQPError) {
        let segment = path.dropFirst()
        // `host` and `host/` are the default vhost, as most users mean it; `host//` is what Celery's users write for it.
        guard !segment.isEmpty, !segment.elementsEqual([UInt8(ascii: "/")]) else { return }
        guard !segment.contains(UInt8(ascii: "/")) else {
            throw Self.error("a '/' in the virtual host must be percent-encoded (%2F)")
        }
        guard let name = PercentCoding.decodeText(segment) else {
            throw Self.error("the virtual host is not percent-encoded UTF-8")
        }
        guard name.utf8.count <= 255 else { throw Self.error("the virtual host is longer than 255 bytes") }
        self.virtualHost = name
    }
}
