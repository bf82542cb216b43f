/// The header names of the Invoke API, over HTTP and over AMQP (contract 1.2, design 4).
package enum LambdaHeader {
    package static let invocationType = "X-Amz-Invocation-Type"
    package static let logType = "X-Amz-Log-Type"
    package static let clientContext = "X-Amz-Client-Context"
    package static let tenantID = "X-Amz-Tenant-Id"
    package static let traceID = "X-Amzn-Trace-Id"
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

    /// The instant after which the caller no longer waits, in milliseconds since the epoch.
    package static let deadline = "X-Lambda-Deadline-Ms"
}
