package import NIOCore

/// What became of an invocation. Every invocation ends in exactly one of these, whatever dies on the way.
package enum InvocationOutcome: Sendable, Equatable {
    /// The function answered.
    case result(FunctionReply)
    /// The function failed: its own error, init error, exit, signal, time-out, too large a response. The body is the
    /// error document. A function error is status 200 for the caller (contract 1.4).
    case functionError(FunctionReply)
    /// The function did not run to an end: the platform says why.
    case refused(InvokeError)
}

extension InvocationOutcome {
    /// The same outcome with the end of the invocation's log, where it has a place for that.
    package func with(logTail: ByteBuffer) -> InvocationOutcome {
        switch self {
        case .result(var reply):
            reply.logTail = logTail
            return .result(reply)
        case .functionError(var reply):
            reply.logTail = logTail
            return .functionError(reply)
        case .refused:
            return self
        }
    }
}

/// The body that a function (or, for errors made by the platform, the daemon) answered with.
package struct FunctionReply: Sendable, Equatable {
    package var body: ByteBuffer
    /// The runtime's `Content-Type`, where it sent one.
    package var contentType: String?
    /// The last 4096 bytes of the invocation's log; only when asked for.
    package var logTail: ByteBuffer?
    /// The version that ran: `$LATEST` or a number.
    package var executedVersion: String?

    package init(
        body: ByteBuffer, contentType: String? = nil, logTail: ByteBuffer? = nil, executedVersion: String? = nil
    ) {
        self.body = body
        self.contentType = contentType
        self.logTail = logTail
        self.executedVersion = executedVersion
    }
}

/// An error of the service, not of the function: the outcomes of the wire contract with a status of 400 and above.
package struct InvokeError: Error, Sendable, Equatable {
    /// The shape's name as `X-Amzn-ErrorType` carries it, with the HTTP status that belongs to it.
    package struct Kind: Sendable, Hashable {
        package let errorType: String
        package let status: Int
        /// The JSON member that holds the message: AWS spells it `message` or `Message` by shape (contract 1.6).
        package let messageMember: String
        /// `User` or `Service` where the shape has a `Type` member.
        package let faultType: String?

        package init(errorType: String, status: Int, messageMember: String = "message", faultType: String? = "User") {
            self.errorType = errorType
            self.status = status
            self.messageMember = messageMember
            self.faultType = faultType
        }

        package static let invalidRequestContent = Kind(errorType: "InvalidRequestContentException", status: 400)
        package static let invalidParameterValue = Kind(errorType: "InvalidParameterValueException", status: 400)
        package static let validation = Kind(errorType: "ValidationException", status: 400, faultType: nil)
        package static let resourceNotFound = Kind(
            errorType: "ResourceNotFoundException", status: 404, messageMember: "Message")
        /// The message expired before it ran.
        package static let requestExpired = Kind(errorType: "RequestExpiredException", status: 408)
        /// Whether the function ran is not known.
        package static let noAnswer = Kind(errorType: "NoAnswerException", status: 408)
        package static let requestTooLarge = Kind(errorType: "RequestTooLargeException", status: 413)
        package static let tooManyRequests = Kind(errorType: "TooManyRequestsException", status: 429)
        package static let service = Kind(
            errorType: "ServiceException", status: 500, messageMember: "Message", faultType: "Service")
        package static let serviceUnavailable = Kind(
            errorType: "ServiceUnavailableException", status: 503, messageMember: "Message", faultType: "Service")
    }

    package let kind: Kind
    package let message: String
    /// `Reason` of a 429 (contract 1.6).
    package let reason: String?
    /// Seconds after which trying again makes sense (`Retry-After`).
    package let retryAfterSeconds: Int?

    package init(_ kind: Kind, _ message: String, reason: String? = nil, retryAfterSeconds: Int? = nil) {
        self.kind = kind
        self.message = message
        self.reason = reason
        self.retryAfterSeconds = retryAfterSeconds
    }
}
