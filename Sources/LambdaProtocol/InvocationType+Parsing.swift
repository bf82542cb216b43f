extension InvocationType {
    /// Reads `X-Amz-Invocation-Type`; absent or empty means that the caller waits.
    package static func parse(_ text: String?) -> Result<InvocationType, InvokeError> {
        guard let text, !text.isEmpty else { return .success(.requestResponse) }
        if let type = InvocationType(rawValue: text) { return .success(type) }
        return .failure(
            InvokeError(
                .validation,
                "1 validation error detected: Value '\(text)' at 'invocationType' failed to satisfy constraint: "
                    + "Member must satisfy enum value set: [Event, RequestResponse, DryRun]"))
    }
}
