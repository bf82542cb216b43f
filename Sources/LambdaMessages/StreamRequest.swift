import LambdaProtocol

/// What a caller says who takes the answer in chunks (design 4).
package struct StreamRequest: Sendable, Equatable {
    /// Bytes that the caller takes before it gives more credit.
    package var creditByteCount: Int
    /// Attempts at the invocation that were made before.
    package var attempt: Int

    package init(creditByteCount: Int, attempt: Int = 0) {
        self.creditByteCount = creditByteCount
        self.attempt = attempt
    }

    /// - Returns: `nil` for a response mode that is not ours to know; the 400 to answer for a stream without credit.
    static func read(_ headers: InvocationHeaders) -> Result<StreamRequest?, InvokeError> {
        guard headers.responseMode?.lowercased() == LambdaHeader.streaming else { return .success(nil) }
        guard let credit = headers.streamCredit, credit >= 0 else {
            return .failure(
                InvokeError(
                    .invalidParameterValue,
                    "A stream needs \(LambdaHeader.streamCredit), the number of bytes that its caller takes."))
        }
        return .success(StreamRequest(creditByteCount: credit, attempt: headers.attemptCount))
    }
}
