internal import LambdaHTTP
internal import LambdaProtocol
internal import NIOCore
internal import NIOHTTP1

extension HTTPExchange {
    private static let accepted = ByteBuffer(string: "{\"status\":\"OK\"}\n")

    /// Whether the body comes without its length.
    var isChunked: Bool { self.head.headers.first(name: "transfer-encoding") != nil }

    /// 202, which Go, Java, Python and Swift insist on.
    func accept() {
        self.respond(status: .accepted, body: Self.accepted) { $0.field("content-type", "application/json") }
    }

    func reject(_ rejection: RuntimeAPIRejection) {
        self.respond(status: HTTPResponseStatus(statusCode: rejection.status), body: rejection.document) {
            $0.field("content-type", "application/json")
        }
    }

    /// The event, with the headers of contract 4.2.
    ///
    /// A header without a value is left out: an empty client context makes some runtimes' JSON parsers fail.
    ///
    /// - Parameters:
    ///   - request: The invocation.
    ///   - deadline: Milliseconds since 1970.
    func respond(with request: InvocationRequest, deadline: Int64) {
        self.respond(status: .ok, body: request.event) { writer in
            writer.field("content-type", "application/json")
            writer.field("Lambda-Runtime-Aws-Request-Id", request.requestID)
            writer.field("Lambda-Runtime-Deadline-Ms", deadline)
            writer.field("Lambda-Runtime-Invoked-Function-Arn", request.invokedFunctionARN)
            if let traceID = request.traceID, !traceID.isEmpty { writer.field("Lambda-Runtime-Trace-Id", traceID) }
            if let clientContext = request.clientContext, !clientContext.isEmpty {
                writer.field("Lambda-Runtime-Client-Context", clientContext)
            }
            if let tenantID = request.tenantID, !tenantID.isEmpty {
                writer.field("Lambda-Runtime-Aws-Tenant-Id", tenantID)
            }
        }
    }
}
