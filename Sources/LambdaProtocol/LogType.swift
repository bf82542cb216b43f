/// Whether a caller wants the end of its invocation's log (`X-Amz-Log-Type`, contract 1.2).
package enum LogType {
    /// - Parameter text: The header's value; absent or empty means no.
    /// - Returns: The answer, or the `ValidationException` for any other word.
    package static func wantsTail(_ text: String?) -> Result<Bool, InvokeError> {
        switch text {
        case nil, "", "None": return .success(false)
        case "Tail": return .success(true)
        case .some(let other):
            return .failure(
                ValidationViolation.error([.enumeration(other, member: "logType", allowed: ["None", "Tail"])]))
        }
    }
}
