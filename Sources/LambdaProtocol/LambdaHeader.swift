/// The header names of the Invoke API, over HTTP and over AMQP (contract 1.2, design 4).
package enum LambdaHeader {
    package static let invocationType = "X-Amz-Invocation-Type"
    package static let logType = "X-Amz-Log-Type"
    package static let clientContext = "X-Amz-Client-Context"
    package static let tenantID = "X-Amz-Tenant-Id"
    package static let traceID = "X-Amzn-Trace-Id"
    /// The W3C's, spelled as they have it.
    package static let traceparent = "traceparent"
    package static let tracestate = "tracestate"
    package static let qualifier = "Qualifier"

    package static let statusCode = "StatusCode"
    package static let functionError = "X-Amz-Function-Error"
    package static let executedVersion = "X-Amz-Executed-Version"
    package static let logResult = "X-Amz-Log-Result"
    package static let requestID = "X-Amzn-RequestId"
    package static let errorType = "X-Amzn-ErrorType"
    package static let retryAfter = "Retry-After"

    /// The value of ``functionError`` for every kind of function error of every current runtime (contract 1.4).
    package static let unhandled = "Unhandled"

    /// Says how the caller takes the answer: ``streaming``, or whole.
    package static let responseMode = "X-Amz-Response-Mode"
    /// The value of ``responseMode`` for an answer in chunks.
    package static let streaming = "streaming"
    /// Bytes that the caller takes: at first in the request, then more in messages to the daemon's credit queue.
    package static let streamCredit = "X-Lambda-Stream-Credit"
    /// The number of a chunk, from 0.
    package static let streamSequence = "X-Lambda-Stream-Sequence"
    /// Marks the last message of a stream, which has the outcome's headers.
    package static let streamEnd = "X-Lambda-Stream-End"
    /// Attempts at the invocation that were made before this one.
    package static let attempt = "X-Lambda-Attempt"

    /// How often an event could not be started, since its last attempt.
    package static let refusals = "X-Lambda-Refusals"
    /// Why an event has ended, in the words of its record.
    package static let condition = "X-Lambda-Condition"
    /// Where in a dead letter's body the event stands: `OFFSET LENGTH`, in bytes.
    package static let eventRange = "X-Lambda-Event-Range"
    /// `base64` where the event is no JSON and so stands as a JSON string in a dead letter.
    package static let eventEncoding = "X-Lambda-Event-Encoding"

    /// The caller's own name for what is to be done: of several invocations with one key one runs.
    package static let idempotencyKey = "X-Lambda-Idempotency-Key"
}
