import LambdaHTTP
import LambdaProtocol

/// The header fields of a request that matter to an invocation (contract 1.2). The first of a name counts.
struct InvokeHeaders {
    let invocationType: String?
    let logType: String?
    let clientContext: String?
    let tenantID: String?
    let idempotencyKey: String?
    let traceID: String?
    let traceContext: TraceContext?

    init(_ headers: HTTPFields) {
        self.invocationType = headers.first(name: LambdaHeader.invocationType)
        self.logType = headers.first(name: LambdaHeader.logType)
        self.clientContext = headers.first(name: LambdaHeader.clientContext)
        self.tenantID = headers.first(name: LambdaHeader.tenantID)
        self.idempotencyKey = headers.first(name: LambdaHeader.idempotencyKey)
        self.traceID = headers.first(name: LambdaHeader.traceID)
        self.traceContext = headers.first(name: LambdaHeader.traceparent).flatMap {
            TraceContext(traceparent: $0, tracestate: headers.first(name: LambdaHeader.tracestate))
        }
    }
}
