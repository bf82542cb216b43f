package import AMQP
import LambdaProtocol
import NIOCore

/// The request headers of the wire contract, picked from a message's header table in one pass.
///
/// Names are compared without regard to case, as in HTTP. A value of any string-like type is taken; of any other type,
/// the header is ignored, as is one that is not valid UTF-8.
struct InvocationHeaders {
    var invocationType: String?
    var logType: String?
    var clientContext: String?
    var traceID: String?
    var traceparent: String?
    var tracestate: String?
    var tenantID: String?
    var qualifier: String?
    var deadlineMilliseconds: Int64?
    var responseMode: String?
    var streamCredit: Int?
    var attempt: Int?
    var refusals: Int?
    var idempotencyKey: String?

    init(_ table: AMQPTable?) {
        for entry in table?.entries ?? [] {
            switch entry.key.lowercased() {
            case "x-amz-invocation-type": self.invocationType = entry.value.stringValue
            case "x-amz-log-type": self.logType = entry.value.stringValue
            case "x-amz-client-context": self.clientContext = entry.value.stringValue
            case "x-amzn-trace-id": self.traceID = entry.value.stringValue
            case "traceparent": self.traceparent = entry.value.stringValue
            case "tracestate": self.tracestate = entry.value.stringValue
            case "x-amz-tenant-id": self.tenantID = entry.value.stringValue
            case "qualifier": self.qualifier = entry.value.stringValue
            case "x-lambda-deadline-ms":
                self.deadlineMilliseconds = entry.value.decimalValue.map(Int64.init)
            case "x-amz-response-mode": self.responseMode = entry.value.stringValue
            case "x-lambda-stream-credit": self.streamCredit = entry.value.decimalValue
            case "x-lambda-attempt": self.attempt = entry.value.decimalValue
            case "x-lambda-refusals": self.refusals = entry.value.decimalValue
            case "x-lambda-idempotency-key": self.idempotencyKey = entry.value.stringValue
            default: break
            }
        }
    }
}

extension InvocationHeaders {
    /// The caller's trace in the words of the W3C.
    var traceContext: TraceContext? {
        self.traceparent.flatMap { TraceContext(traceparent: $0, tracestate: self.tracestate) }
    }

    /// The attempts that were lost: a number that can be added to, whatever somebody has sent.
    var attemptCount: Int { min(max(0, self.attempt ?? 0), 1_000_000) }

    /// What is wrong with values that the request itself takes as they are.
    var refusal: InvokeError? {
        if let logType = self.logType, case .failure(let error) = LogType.wantsTail(logType) { return error }
        if let tenantID = self.tenantID, case .failure(let error) = TenantID.check(tenantID) { return error }
        if let key = self.idempotencyKey, case .failure(let error) = IdempotencyKey.check(key) { return error }
        return nil
    }
}

extension AMQPValue {
    /// A number, or the decimal text of one, which is all that some clients can send.
    package var decimalValue: Int? { self.integerValue ?? self.stringValue.flatMap { Int($0) } }
}
