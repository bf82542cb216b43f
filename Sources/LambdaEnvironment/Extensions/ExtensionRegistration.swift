internal import FoundationEssentials
internal import LambdaProtocol
package import NIOCore

/// The body of a registration: `{"events":["INVOKE","SHUTDOWN"]}` (contract 7.2).
package struct ExtensionRegistration: Sendable, Equatable {
    /// What is asked for, as it was sent; nothing for `null`, for `[]`, and where the member is missing.
    package let events: [String]

    private struct Body: Decodable {
        var events: [String]?
        var configurationKeys: [String]?
    }

    /// - Parameter body: JSON, whatever its content type says: the Web Adapter sends none.
    /// - Throws: The answer that the extension gets.
    package init(_ body: ByteBuffer) throws(RuntimeAPIRejection) {
        if let failure = JSONValidator.validate(body) { throw .invalidFormat(failure.description) }
        guard let parsed = try? JSONDecoder().decode(Body.self, from: Data(body.readableBytesView)) else {
            throw .invalidFormat("expected an object whose member events is an array of strings")
        }
        guard parsed.configurationKeys?.isEmpty ?? true else {
            throw .invalidFormat("configurationKeys are deprecated; use environment variables instead")
        }
        self.events = parsed.events ?? []
    }
}
