extension InvocationType {
    /// Reads `X-Amz-Invocation-Type`; absent or empty means that the caller waits.
    package static func parse(_ text: String?) -> Result<InvocationType, InvokeError> {
        guard let text, !text.isEmpty else { return .success(.requestResponse) }
        if let type = InvocationType(rawValue: text) { return .success(type) }
        let allowed = ["Event", "RequestResponse", "DryRun"]
        return .failure(
            ValidationViolation.error([.enumeration(text, member: "invocationType", allowed: allowed)]))
    }
}
