internal import LambdaProtocol
package import NIOCore

/// The body of a registration: `{"events":["INVOKE","SHUTDOWN"]}` (contract 7.2).
package struct ExtensionRegistration: Sendable, Equatable {
    /// What is asked for, as it was sent; nothing for `null`, for `[]`, and where the member is missing.
    package let events: [String]

    /// - Parameter body: JSON, whatever its content type says: the Web Adapter sends none.
    /// - Throws: The answer that the extension gets.
    package init(_ body: ByteBuffer) throws(RuntimeAPIRejection) {
        let request: JSONValue
        switch JSONValue.parse(body) {
        case .success(let value): request = value
        case .failure(let failure): throw .invalidFormat(failure.description)
        }
        guard case .object = request, let events = Self.strings(request["events"]),
            let keys = Self.strings(request["configurationKeys"])
        else {
            throw .invalidFormat("expected an object whose member events is an array of strings")
        }
        guard keys.isEmpty else {
            throw .invalidFormat("configurationKeys are deprecated; use environment variables instead")
        }
        self.events = events
    }

    /// - Returns: `nil` for anything but an array of strings, `null` and a missing member.
    private static func strings(_ value: JSONValue?) -> [String]? {
        switch value {
        case nil, .null: return []
        case .array(let elements):
            let strings = elements.compactMap(\.stringValue)
            return strings.count == elements.count ? strings : nil
        default: return nil
        }
    }
}
