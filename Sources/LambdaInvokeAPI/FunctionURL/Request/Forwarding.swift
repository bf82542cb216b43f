/// Where a request comes from, as the function is told.
///
/// A client may send `X-Forwarded-For` and the like itself, so they are replaced; only where the settings say that there
/// is a proxy in front are they taken for its word. Then the last address in `X-Forwarded-For`, which that proxy has
/// added, is the client's.
struct Forwarding: Equatable {
    /// The client's address.
    let sourceIP: String
    /// `X-Forwarded-For`.
    let forwardedFor: String
    /// `X-Forwarded-Proto`: `http` or `https`.
    let scheme: String
    /// `X-Forwarded-Port`.
    let port: String

    /// What is known of the connection.
    struct Connection: Equatable {
        /// The address of whoever is at the other end.
        var peer: String
        var isTLS: Bool
        /// The request's `Host` field.
        var host: String
    }

    /// The names of the fields that are made here.
    static let fieldNames = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-port"]

    /// - Parameters:
    ///   - fields: The request's.
    ///   - trustsProxy: Whether the other end is a proxy whose word counts.
    init(_ fields: [HTTPField], _ connection: Connection, trustsProxy: Bool) {
        let scheme = connection.isTLS ? "https" : "http"
        guard trustsProxy else {
            self.sourceIP = connection.peer
            self.forwardedFor = connection.peer
            self.scheme = scheme
            self.port = Self.port(in: connection.host) ?? Self.usualPort(scheme)
            return
        }
        let chain = Self.values("x-forwarded-for", in: fields)
        self.sourceIP = chain.last ?? connection.peer
        self.forwardedFor = (chain + [connection.peer]).joined(separator: ", ")
        let told = Self.values("x-forwarded-proto", in: fields).last?.lowercased()
        self.scheme = told == "http" || told == "https" ? told ?? scheme : scheme
        self.port =
            Self.values("x-forwarded-port", in: fields).last.flatMap(UInt16.init).map { String($0) }
            ?? Self.port(in: connection.host) ?? Self.usualPort(self.scheme)
    }

    /// The elements of a list that may stand in several fields.
    private static func values(_ name: String, in fields: [HTTPField]) -> [String] {
        fields.filter { $0.name.lowercased() == name }.flatMap { $0.value.split(separator: ",") }
            .map { part in
                let trimmed = part.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }
                return String(trimmed.reversed())
            }
            .filter { !$0.isEmpty }
    }

    private static func port(in host: String) -> String? {
        let rest = host.drop { $0 != "]" }
        let port = (rest.isEmpty ? host[...] : rest).split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return port.count == 2 ? UInt16(port[1]).map { String($0) } : nil
    }

    private static func usualPort(_ scheme: String) -> String { scheme == "https" ? "443" : "80" }
}
