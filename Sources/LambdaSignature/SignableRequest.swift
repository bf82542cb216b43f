package import LambdaProtocol

/// What a signature covers of a request, beside its body; as it was received.
package struct SignableRequest: Sendable {
    /// `POST`
    package let method: String
    /// Still percent-encoded.
    package let path: String
    /// Still percent-encoded, without its `?`; empty where there is none.
    package let query: String
    /// With lower-case names, in the order in which they came.
    package let headers: [(name: String, value: String)]
    /// When the head came.
    package let arrival: EpochClock.Instant

    /// - Parameters:
    ///   - path: Still percent-encoded.
    ///   - query: The same, without its `?`.
    ///   - headers: Names of any case.
    ///   - arrival: When the head came.
    package init(
        method: String, path: String, query: String, headers: some Sequence<(name: String, value: String)>,
        arrival: EpochClock.Instant
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers.map { (name: $0.name.lowercased(), value: $0.value) }
        self.arrival = arrival
    }

    /// The first field of a name.
    func header(_ name: String) -> String? {
        self.headers.first { $0.name == name }?.value
    }
}
