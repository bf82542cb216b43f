internal import LambdaProtocol
package import NIOCore

/// An event for an extension (contract 7.4).
///
/// It never carries the function's own event.
package enum ExtensionEvent: Sendable, Equatable {
    /// The function is invoked.
    ///
    /// The deadline is in milliseconds since 1970.
    case invoke(deadline: Int64, requestID: String, invokedFunctionARN: String, traceID: String?)
    /// The environment is being shut down.
    ///
    /// At the deadline, in milliseconds since 1970, whoever is still there is killed.
    case shutdown(deadline: Int64, reason: ShutdownReason)

    /// The event as JSON.
    package var document: ByteBuffer {
        switch self {
        case .invoke(let deadline, let requestID, let invokedFunctionARN, let traceID):
            var members = [
                ("eventType", JSONText.string("INVOKE")), ("deadlineMs", String(deadline)),
                ("requestId", JSONText.string(requestID)),
                ("invokedFunctionArn", JSONText.string(invokedFunctionARN)),
            ]
            // Left out where there is none: a null breaks Rust's extension client.
            if let traceID, !traceID.isEmpty {
                let tracing = [("type", JSONText.string("X-Amzn-Trace-Id")), ("value", JSONText.string(traceID))]
                members.append(("tracing", JSONText.object(tracing)))
            }
            return ByteBuffer(string: JSONText.object(members))
        case .shutdown(let deadline, let reason):
            return ByteBuffer(
                string: JSONText.object([
                    ("eventType", JSONText.string("SHUTDOWN")), ("deadlineMs", String(deadline)),
                    ("shutdownReason", JSONText.string(reason.rawValue)),
                ]))
        }
    }
}
