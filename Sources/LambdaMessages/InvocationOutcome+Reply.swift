package import AMQP
package import LambdaProtocol
package import NIOCore

extension InvocationOutcome {
    /// What a reply says (design 4). One without any of our headers, as fadams' daemon sends it, is a result.
    ///
    /// - Parameters:
    ///   - properties: The reply's.
    ///   - body: The reply's.
    package init(_ properties: AMQPProperties, _ body: ByteBuffer) {
        let headers = ReplyHeaders(properties.headers)
        guard (200..<300).contains(headers.status) else {
            self = .refused(InvokeError(headers, body))
            return
        }
        let answer = FunctionReply(
            body: body, contentType: Self.contentType(properties.contentType),
            logTail: headers.logResult.flatMap { Base64.decode($0) }.map { ByteBuffer(bytes: $0) },
            executedVersion: headers.executedVersion)
        self = headers.functionError == nil ? .result(answer) : .functionError(answer)
    }

    private static let json: AMQPShortString = "application/json"

    /// JSON is what every answer is, unless it says otherwise: no text is made for it.
    private static func contentType(_ type: AMQPShortString?) -> String? {
        type == Self.json ? nil : type?.string
    }
}

/// The headers of a reply, picked in one pass.
private struct ReplyHeaders {
    var status = 200
    var errorType: String?
    var functionError: String?
    var executedVersion: String?
    var logResult: String?
    var retryAfter: Int?

    init(_ table: AMQPTable?) {
        for entry in table?.entries ?? [] {
            switch entry.key {
            case LambdaHeader.statusCode: self.status = entry.value.decimalValue ?? self.status
            case LambdaHeader.executedVersion: self.executedVersion = entry.value.stringValue
            case LambdaHeader.functionError: self.functionError = entry.value.stringValue
            case LambdaHeader.logResult: self.logResult = entry.value.stringValue
            case LambdaHeader.errorType: self.errorType = entry.value.stringValue
            case LambdaHeader.retryAfter: self.retryAfter = entry.value.decimalValue
            default: break
            }
        }
    }
}

extension InvokeError {
    /// An error that came as a reply: its kind may be one that nobody here knows.
    fileprivate init(_ headers: ReplyHeaders, _ body: ByteBuffer) {
        let message = ErrorMessage(body)
        let status = (400..<600).contains(headers.status) ? headers.status : Kind.service.status
        let kind = Kind(
            errorType: headers.errorType ?? Self.usualType(of: status), status: status, messageMember: message.member,
            faultType: message.faultType)
        self.init(kind, message.text, reason: message.reason, retryAfterSeconds: headers.retryAfter)
    }

    private static func usualType(of status: Int) -> String {
        let known: [Kind] = [.resourceNotFound, .noAnswer, .requestTooLarge, .tooManyRequests, .serviceUnavailable]
        if let kind = known.first(where: { $0.status == status }) { return kind.errorType }
        return (status < 500 ? Kind.invalidParameterValue : Kind.service).errorType
    }
}
