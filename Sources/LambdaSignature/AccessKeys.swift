import LambdaProtocol

/// The keys that are known, by their ids.
package struct AccessKeys: Sendable {
    private let keys: [String: AccessKey]

    /// - Parameter keys: With ids that differ; of two with the same id the first counts.
    package init(_ keys: [AccessKey]) {
        self.keys = Dictionary(keys.map { ($0.caller.accessKeyID, $0) }) { first, _ in first }
    }

    /// How many there are.
    package var count: Int { self.keys.count }

    subscript(id: String) -> AccessKey? { self.keys[id] }
}
