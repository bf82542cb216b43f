import LambdaProtocol
package import NIOCore

extension AccessKeys {
    /// Reads a key file: a JSON list of objects with `accessKeyId`, `secretAccessKey` and `functions`, and where wanted
    /// `sessionToken`, `expiration`, `accountId` and `userArn`.
    ///
    /// Strict: a member that nobody knows is an error, since it may be a restriction that is misspelt.
    ///
    /// - Throws: What is wrong, and in which key of the list.
    package static func parse(_ text: ByteBuffer) throws(AccessKeysError) -> AccessKeys {
        let value: JSONValue
        switch JSONValue.parse(text) {
        case .success(let parsed): value = parsed
        case .failure(let failure):
            throw AccessKeysError("not JSON: \(failure.reason) in line \(failure.line), column \(failure.column)")
        }
        guard let elements = value.arrayValue else { throw AccessKeysError("not a JSON list of keys") }
        guard !elements.isEmpty else { throw AccessKeysError("the list of keys is empty") }
        var keys: [AccessKey] = []
        var ids: Set<String> = []
        for (index, element) in elements.enumerated() {
            let key = try AccessKeyReader(element, number: index + 1).key()
            guard ids.insert(key.caller.accessKeyID).inserted else {
                throw AccessKeysError(key: index + 1, "accessKeyId \(key.caller.accessKeyID) stands twice in the list")
            }
            keys.append(key)
        }
        return AccessKeys(keys)
    }
}

/// Reads one key of the list.
private struct AccessKeyReader {
    private let members: [String: JSONValue]
    private let number: Int

    private static let names: Set<String> = [
        "accessKeyId", "secretAccessKey", "sessionToken", "expiration", "accountId", "userArn", "functions",
    ]

    init(_ value: JSONValue, number: Int) throws(AccessKeysError) {
        guard case .object(let members) = value else { throw AccessKeysError(key: number, "not a JSON object") }
        if let unknown = members.keys.filter({ !Self.names.contains($0) }).min() {
            throw AccessKeysError(key: number, "there is no member \(unknown)")
        }
        self.members = members
        self.number = number
    }

    func key() throws(AccessKeysError) -> AccessKey {
        let id = try self.required("accessKeyId")
        guard id.utf8.count <= 128, id.utf8.allSatisfy(Self.isIDByte) else {
            throw self.error("accessKeyId is not one: letters, digits, hyphens and underscores, 128 at most")
        }
        let secret = try self.required("secretAccessKey")
        let accountID = try self.optional("accountId") ?? "000000000000"
        guard accountID.utf8.count == 12, accountID.utf8.allSatisfy(Self.isDigit) else {
            throw self.error("accountId is not a text of twelve digits")
        }
        let userARN = try self.optional("userArn") ?? "arn:aws:iam::\(accountID):user/\(id)"
        guard userARN.hasPrefix("arn:") else { throw self.error("userArn does not begin with arn:") }
        let caller = RequestCaller(
            accessKeyID: id, accountID: accountID, userARN: userARN, functions: try self.functions())
        return AccessKey(
            caller: caller, secret: secret, sessionToken: try self.optional("sessionToken"),
            expiration: try self.expiration())
    }

    private func functions() throws(AccessKeysError) -> [FunctionPattern] {
        guard let value = self.members["functions"] else { throw self.error("functions is missing") }
        guard let elements = value.arrayValue else { throw self.error("functions is not a list") }
        var patterns: [FunctionPattern] = []
        for element in elements {
            guard let text = element.stringValue, let pattern = FunctionPattern(text) else {
                let shown = element.stringValue.map { "'\($0)'" } ?? "what is no text"
                throw self.error("functions has \(shown), which is none of name, name:qualifier, beginning* and *")
            }
            patterns.append(pattern)
        }
        return patterns
    }

    private func expiration() throws(AccessKeysError) -> EpochClock.Instant? {
        guard let text = try self.optional("expiration") else { return nil }
        guard let date = SignatureDate(extendedISO8601: text) else {
            throw self.error("expiration is not a time like 2027-01-31T12:00:00Z")
        }
        return date.instant
    }

    private func required(_ name: String) throws(AccessKeysError) -> String {
        guard let text = try self.optional(name) else { throw self.error("\(name) is missing") }
        return text
    }

    private func optional(_ name: String) throws(AccessKeysError) -> String? {
        guard let value = self.members[name] else { return nil }
        guard let text = value.stringValue, !text.isEmpty else {
            throw self.error("\(name) is not a text of one character at least")
        }
        return text
    }

    private func error(_ problem: String) -> AccessKeysError { AccessKeysError(key: self.number, problem) }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private static func isIDByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"),
            UInt8(ascii: "_"):
            true
        default: self.isDigit(byte)
        }
    }
}
