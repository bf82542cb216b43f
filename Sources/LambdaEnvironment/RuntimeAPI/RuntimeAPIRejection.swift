internal import LambdaProtocol
internal import NIOCore

/// An error that the Runtime API answers a runtime with: status and body of contract 4.6.
package struct RuntimeAPIRejection: Error, Sendable, Equatable {
    /// The HTTP status.
    package let status: Int
    package let errorType: String
    package let message: String

    package init(status: Int, errorType: String, message: String) {
        self.status = status
        self.errorType = errorType
        self.message = message
    }

    /// The id in the path is not the current invocation's; looked at before the state.
    package static let invalidRequestID = Self(
        status: 400, errorType: "InvalidRequestID", message: "Invalid request ID")
    /// The invocation has timed out, and its caller was told (contract 5).
    package static let expired = Self(status: 410, errorType: "InvokeTimeout", message: "Invocation has timed out")
    package static let invalidResponseMode = Self(
        status: 400, errorType: "InvalidFunctionResponseMode", message: "Invalid function response mode")
    package static let truncatedRequest = Self(
        status: 400, errorType: "TruncatedHTTPRequest", message: "HTTP request detected as truncated")

    /// A body over the limit.
    ///
    /// - Parameter limitByteCount: The largest body that is accepted.
    /// - Returns: A 413.
    package static func tooLarge(limitByteCount: Int) -> Self {
        Self(
            status: 413, errorType: "RequestEntityTooLarge",
            message: "Exceeded maximum allowed payload size (\(limitByteCount) bytes).")
    }

    /// The body of the answer.
    var document: ByteBuffer { ErrorDocument.messageFirst(type: self.errorType, message: self.message) }

    static let internalError = Self(status: 500, errorType: "InternalServerError", message: "Internal Server Error")
    static let notFound = Self(status: 404, errorType: "NotFound", message: "No such path")
    static let methodNotAllowed = Self(
        status: 405, errorType: "MethodNotAllowed", message: "This path takes another method")

    static func transition(from state: RuntimeState, to target: RuntimeState) -> Self {
        Self(
            status: 403, errorType: "InvalidStateTransition",
            message: "State transition from \(state.rawValue) to \(target.rawValue) failed for runtime. "
                + "Error: State transition is not allowed")
    }
}
