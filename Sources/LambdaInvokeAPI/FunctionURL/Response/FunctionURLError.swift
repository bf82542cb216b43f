import LambdaProtocol
import NIOCore

/// Why a client gets no answer of the function's (contract 12.3, 12.6). Says nothing of what is behind the URL: whoever
/// asks may be anybody.
struct FunctionURLError: Error, Equatable {
    let status: Int
    let errorType: String?
    /// `nil`: AWS's null.
    let message: String?
    var retryAfterSeconds: Int?
    /// The name of the message's member, where it is not the payload format's.
    private var messageMember: String?

    init(_ status: Int, type errorType: String? = nil, _ message: String?, retryAfterSeconds: Int? = nil) {
        self.status = status
        self.errorType = errorType
        self.message = message
        self.retryAfterSeconds = retryAfterSeconds
    }

    /// The function failed, or answered what is no answer.
    static let badGateway = FunctionURLError(502, "Internal Server Error")
    /// There is no such function.
    static let unknown = FunctionURLError(403, type: "AccessDeniedException", nil)
    /// The body, or the event that it makes, is over the limit.
    static let tooLarge = FunctionURLError(413, type: "RequestTooLargeException", "Request Entity Too Large")
    /// The body did not come to its end.
    static let incomplete = FunctionURLError(400, type: "InvalidRequestContentException", "The request body is not complete.")

    /// Nobody knows who asks, or who asks may not invoke the function (`AWS_IAM`).
    static let forbidden = FunctionURLError(
        403, type: "AccessDeniedException",
        "Forbidden. For troubleshooting Function URL authorization issues, see: "
            + "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html")

    /// What is wrong with a signature (contract 13.4).
    init(signature error: InvokeError) {
        guard error.kind.errorType != "MissingAuthenticationTokenException" else {
            self = .forbidden
            return
        }
        self.init(error.kind.status, type: error.kind.errorType, error.message)
        self.messageMember = error.kind.messageMember
    }

    /// Why an invocation was refused.
    init(_ error: InvokeError) {
        switch error.kind.status {
        case 404: self = .unknown
        // Nobody knows whether it ran; 504 is the gateway's word for that, and browsers do not repeat it.
        case 408: self.init(504, "Endpoint request timed out")
        case 413: self = .tooLarge
        case 429:
            self.init(
                429, type: "TooManyRequestsException", "Rate Exceeded.", retryAfterSeconds: error.retryAfterSeconds)
        case 503:
            self.init(
                503, type: "ServiceUnavailableException", "Service Unavailable",
                retryAfterSeconds: error.retryAfterSeconds)
        default: self = .badGateway
        }
    }

    /// The answer in the words of function URLs (2.0) or of REST APIs (1.0).
    func response(_ format: FunctionURL.PayloadFormat) -> FunctionURLResponse {
        var fields: [HTTPField] = []
        if let errorType = self.errorType { fields.append(HTTPField(LambdaHeader.errorType, errorType)) }
        if let seconds = self.retryAfterSeconds { fields.append(HTTPField(LambdaHeader.retryAfter, String(seconds))) }
        if self == .badGateway, format == .v2 {
            return self.response("text/plain", "Internal Server Error", fields)
        }
        // REST APIs have a small `s` there.
        let message = self == .badGateway ? "Internal server error" : self.message
        let name = self.messageMember ?? (format == .v2 ? "Message" : "message")
        let text = message.map { JSONText.string($0) } ?? "null"
        return self.response("application/json", JSONText.object([(name, text)]), fields)
    }

    private func response(_ contentType: String, _ body: String, _ fields: [HTTPField]) -> FunctionURLResponse {
        FunctionURLResponse(
            status: self.status, fields: [HTTPField("Content-Type", contentType)] + fields,
            body: ByteBuffer(string: body))
    }
}
