package import NIOCore

/// The payload rules of an event (contract 1.5).
package enum EventPayload {
    /// - Returns: the event for the runtime: the bytes unchanged, `{}` for none; or 400 for what is not JSON.
    package static func check(_ bytes: ByteBuffer, requiresJSON: Bool) -> Result<ByteBuffer, InvokeError> {
        guard bytes.readableBytes > 0 else { return .success(ByteBuffer(string: "{}")) }
        guard requiresJSON, let failure = JSONValidator.validate(bytes) else { return .success(bytes) }
        return .failure(.notJSON(failure))
    }
}
