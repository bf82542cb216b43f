extension InvocationType {
    /// What Invoke knows, in the order in which AWS lists it.
    ///
    /// Made once: messages are parsed by the thousand.
    package static let all: [InvocationType] = [.event, .requestResponse, .dryRun]
    /// What InvokeWithResponseStream knows.
    package static let streaming: [InvocationType] = [.requestResponse, .dryRun]

    /// Reads `X-Amz-Invocation-Type`; absent or empty means that the caller waits.
    ///
    /// - Parameters:
    ///   - text: The header's value.
    ///   - allowed: What the operation knows.
    /// - Returns: the type, or the `ValidationException` to answer with.
    package static func parse(
        _ text: String?, allowed: [InvocationType] = InvocationType.all
    ) -> Result<InvocationType, InvokeError> {
        guard let text, !text.isEmpty else { return .success(.requestResponse) }
        if let type = InvocationType(rawValue: text), allowed.contains(type) { return .success(type) }
        return .failure(
            ValidationViolation.error([
                .enumeration(text, member: "invocationType", allowed: allowed.map(\.rawValue))
            ]))
    }
}
