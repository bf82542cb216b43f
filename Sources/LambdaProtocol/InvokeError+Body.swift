package import NIOCore

extension InvokeError {
    /// The body in restJson form (contract 1.6): `{"Type":"User","message":"…","Reason":"…"}`.
    package var body: ByteBuffer {
        var members: [(String, String)] = []
        if let faultType = self.kind.faultType { members.append(("Type", JSONText.string(faultType))) }
        members.append((self.kind.messageMember, JSONText.string(self.message)))
        if let reason = self.reason { members.append(("Reason", JSONText.string(reason))) }
        return ByteBuffer(string: JSONText.object(members))
    }

    /// An event of more bytes than the limit of its kind of invocation (AWS's own text).
    package static func payloadTooLarge(byteCount: Int, type: InvocationType, limit: Int) -> InvokeError {
        InvokeError(
            .requestTooLarge,
            "\(byteCount) byte payload is too large for the \(type.rawValue) invocation type (limit \(limit) bytes)")
    }

    /// An event that is not JSON (contract 1.5).
    package static func notJSON(_ failure: JSONValidator.Failure) -> InvokeError {
        InvokeError(
            .invalidRequestContent,
            "Could not parse request body into json: Could not parse payload into json: \(failure.reason): "
                + "at [Source: REDACTED; line: \(failure.line), column: \(failure.column)]")
    }

    /// A function or qualifier that is not served; AWS always prints the qualifier (contract 1.3).
    package static func functionNotFound(_ arn: FunctionARN, qualifier: String?) -> InvokeError {
        InvokeError(.resourceNotFound, "Function not found: \(arn.text(qualifier: qualifier ?? "$LATEST"))")
    }
}
