/// A query, cut into its parameters.
struct QueryParameters {
    static let algorithm = "X-Amz-Algorithm"
    static let credential = "X-Amz-Credential"
    static let date = "X-Amz-Date"
    static let expires = "X-Amz-Expires"
    static let signedHeaders = "X-Amz-SignedHeaders"
    static let securityToken = "X-Amz-Security-Token"
    static let signature = "X-Amz-Signature"

    /// In the order in which they came: names and values encoded as RFC 3986 has it.
    let pairs: [(name: String, value: String)]

    /// - Parameter query: As it was received, without its `?`.
    init(_ query: String) {
        self.pairs = query.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count == 2 ? URIEncoding.normalize(parts[1]) : ""
            return (URIEncoding.normalize(parts[0]), value)
        }
    }

    /// The first value of a name of unreserved characters, decoded.
    subscript(name: String) -> String? {
        self.pairs.first { $0.name == name }.map { String(decoding: URIEncoding.decode($0.value), as: UTF8.self) }
    }
}
