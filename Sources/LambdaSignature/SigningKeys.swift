import Crypto

/// Derives the keys that sign, and remembers them: one holds for a day, a region and a service.
struct SigningKeys {
    private struct Name: Hashable {
        let accessKeyID: String
        let scope: SignatureScope
    }

    private var keys: [Name: SymmetricKey] = [:]
    private let limit: Int

    /// - Parameter limit: How many are remembered.
    init(limit: Int = 1024) {
        self.limit = limit
    }

    /// The key of a scope (contract 13.2).
    func key(_ accessKeyID: String, secret: String, scope: SignatureScope) -> SymmetricKey {
        self.keys[Name(accessKeyID: accessKeyID, scope: scope)] ?? Self.derive(secret: secret, scope: scope)
    }

    /// Keeps a key that has proved to be of use: others would let anybody fill the memory.
    mutating func remember(_ key: SymmetricKey, _ accessKeyID: String, scope: SignatureScope) {
        let name = Name(accessKeyID: accessKeyID, scope: scope)
        guard self.keys[name] == nil else { return }
        if self.keys.count >= self.limit { self.keys.removeAll(keepingCapacity: true) }
        self.keys[name] = key
    }

    static func derive(secret: String, scope: SignatureScope) -> SymmetricKey {
        var key = SymmetricKey(data: Array("AWS4\(secret)".utf8))
        for part in [scope.day, scope.region, scope.service, scope.terminator] {
            key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key))
        }
        return key
    }
}
