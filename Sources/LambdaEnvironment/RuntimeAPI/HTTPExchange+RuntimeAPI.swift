internal import LambdaHTTP
internal import LambdaProtocol
internal import NIOCore
internal import NIOHTTP1

extension HTTPExchange {
    private static let json = ("content-type", "application/json")
    private static let accepted = ByteBuffer(string: "{\"status\":\"OK\"}\n")

    /// 202, which Go, Java, Python and Swift insist on.
    func accept() {
        self.respond(status: .accepted, headers: [Self.json], body: Self.accepted)
    }

    func reject(_ rejection: RuntimeAPIRejection) {
        self.respond(
            status: HTTPResponseStatus(statusCode: rejection.status), headers: [Self.json], body: rejection.document)
    }

    /// The event, with the headers of contract 4.2. A header without a value is left out: an empty client context
    /// makes some runtimes' JSON parsers fail.
    ///
    /// - Parameters:
    ///   - request: The invocation.
    ///   - deadline: Milliseconds since 1970.
    func respond(with request: InvocationRequest, deadline: Int64) {
        var headers = [
            Self.json,
            ("Lambda-Runtime-Aws-Request-Id", request.requestID),
            ("Lambda-Runtime-Deadline-Ms", String(deadline)),
            ("Lambda-Runtime-Invoked-Function-Arn", request.invokedFunctionARN),
        ]
        if let traceID = request.traceID, !traceID.isEmpty {
            headers.append(("Lambda-Runtime-Trace-Id", traceID))
        }
        if let clientContext = request.clientContext, !clientContext.isEmpty {
            headers.append(("Lambda-Runtime-Client-Context", clientContext))
        }
        if let tenantID = request.tenantID, !tenantID.isEmpty {
            headers.append(("Lambda-Runtime-Aws-Tenant-Id", tenantID))
        }
        self.respond(status: .ok, headers: headers, body: request.event)
    }
}
