/// The caller's key for invocations that are to run once together (`X-Lambda-Idempotency-Key`, design 4).
package enum IdempotencyKey {
    private static let maxByteCount = 256

    /// - Parameter text: The header's value; absent or empty means none.
    /// - Returns: The key, or the `ValidationException` for one that is too long to be remembered.
    package static func check(_ text: String?) -> Result<String?, InvokeError> {
        guard let text, !text.isEmpty else { return .success(nil) }
        guard text.utf8.count <= self.maxByteCount else {
            return .failure(
                ValidationViolation.error([.tooLong(text, member: "idempotencyKey", limit: self.maxByteCount)]))
        }
        return .success(text)
    }
}
