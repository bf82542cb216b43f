internal import LambdaProtocol

/// Where a subscriber listens: always this host (contract 8.1).
package enum TelemetryDestination: Sendable, Equatable {
    /// Batches as JSON arrays, posted to `target` (path and query).
    case http(host: String, port: Int, target: String)
    /// One JSON object a line.
    case tcp(port: Int)

    /// AWS's own Runtime API has it.
    static let reservedPort = 9001
    /// The names that stand for this host; they are never looked up.
    private static let hosts = ["sandbox.localdomain", "sandbox"]

    /// The port on this host.
    var port: Int {
        switch self {
        case .http(_, let port, _): port
        case .tcp(let port): port
        }
    }

    /// Reads the member `destination` of a subscription.
    ///
    /// - Throws: What is wrong with it.
    static func parse(_ value: JSONValue?) throws(TelemetryRequestFailure) -> TelemetryDestination {
        guard let value else { throw .init("destination is missing") }
        switch value["protocol"]?.stringValue {
        case "HTTP":
            guard let uri = value["URI"]?.stringValue else { throw .init("destination.URI is missing") }
            return try self.http(uri)
        case "TCP":
            guard let port = value["port"]?.integerValue else { throw .init("destination.port is missing") }
            return .tcp(port: try self.checked(port: port))
        default:
            throw .init("destination.protocol must be HTTP or TCP")
        }
    }

    private static func http(_ uri: String) throws(TelemetryRequestFailure) -> TelemetryDestination {
        let scheme = "http://"
        let isText = uri.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        guard isText, uri.lowercased().hasPrefix(scheme) else {
            throw .init("destination.URI must be of the form http://sandbox.localdomain:PORT/PATH")
        }
        let rest = uri.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let parts = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let host = parts.first?.lowercased(), self.hosts.contains(host) else {
            throw .init("destination.URI must name the host sandbox.localdomain")
        }
        guard let port = parts.count == 1 ? 80 : Int(parts[1]) else {
            throw .init("destination.URI has no valid port")
        }
        let path = rest.dropFirst(authority.count).prefix { $0 != "#" }
        let target = path.hasPrefix("/") ? String(path) : "/" + path
        return .http(host: host, port: try self.checked(port: port), target: target)
    }

    private static func checked(port: Int) throws(TelemetryRequestFailure) -> Int {
        guard (1...65_535).contains(port), port != self.reservedPort else {
            throw .init("the destination's port must be from 1 to 65535, and not \(self.reservedPort)")
        }
        return port
    }
}
