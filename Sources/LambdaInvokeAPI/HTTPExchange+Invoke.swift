import LambdaHTTP
import LambdaProtocol
import NIOCore
import NIOHTTP1

/// The answers of the Invoke API (contract 1.4, 1.6).
extension HTTPExchange {
    /// What became of an invocation whose caller waits.
    func answer(_ outcome: InvocationOutcome, requestID: String, traceID: String?) {
        switch outcome {
        case .result(let reply): self.answer(reply, isError: false, requestID, traceID)
        case .functionError(let reply): self.answer(reply, isError: true, requestID, traceID)
        case .refused(let error): self.answer(error, requestID: requestID)
        }
    }

    /// Status, error type and body of an error of the service.
    func answer(_ error: InvokeError, requestID: String) {
        var headers = [
            ("Content-Type", "application/json"), (LambdaHeader.requestID, requestID),
            (LambdaHeader.errorType, error.kind.errorType),
        ]
        if let seconds = error.retryAfterSeconds { headers.append((LambdaHeader.retryAfter, String(seconds))) }
        if error.kind.status == 405 { headers.append(("Allow", "POST")) }
        self.respond(status: HTTPResponseStatus(statusCode: error.kind.status), headers: headers, body: error.body)
    }

    /// An answer without a body: accepted, or checked.
    func acknowledge(_ status: HTTPResponseStatus, requestID: String) {
        self.respond(status: status, headers: [(LambdaHeader.requestID, requestID)], body: nil)
    }

    /// The same, where nothing stands against it.
    func acknowledge(_ status: HTTPResponseStatus, unless error: InvokeError?, requestID: String) {
        if let error { return self.answer(error, requestID: requestID) }
        self.acknowledge(status, requestID: requestID)
    }

    /// A function error is status 200 too: SDKs would run the function again for a 5xx.
    private func answer(_ reply: FunctionReply, isError: Bool, _ requestID: String, _ traceID: String?) {
        var headers = [
            ("Content-Type", "application/json"), (LambdaHeader.requestID, requestID),
            (LambdaHeader.executedVersion, reply.executedVersion ?? "$LATEST"),
        ]
        if let traceID { headers.append((LambdaHeader.traceID, traceID)) }
        if isError { headers.append((LambdaHeader.functionError, LambdaHeader.unhandled)) }
        if let tail = reply.logTail {
            headers.append((LambdaHeader.logResult, tail.withUnsafeReadableBytes { Base64.encode($0) }))
        }
        self.respond(status: .ok, headers: headers, body: reply.body)
    }
}

extension InvokeError {
    /// A path of no operation.
    static let unknownPath = InvokeError(
        Kind(errorType: "UnknownOperationException", status: 404, faultType: nil), "There is no such operation.")

    /// The path of an operation, with a method that is not its own.
    static let methodNotAllowed = InvokeError(
        Kind(errorType: "MethodNotAllowedException", status: 405, faultType: nil), "The method must be POST.")
}
