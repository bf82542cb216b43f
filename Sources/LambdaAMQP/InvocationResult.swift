import AMQP
import AMQPRPC
import LambdaMessages
import LambdaProtocol
public import NIOCore

/// What a function answered.
public struct InvocationResult: Sendable {
    /// The function's result, or its error document, byte for byte.
    public let payload: ByteBuffer
    /// `Unhandled` when the payload is an error document: the function failed, or was ended.
    public let functionError: String?
    /// The version that ran: `$LATEST` or a number.
    public let executedVersion: String?
    /// The invocation's request id.
    public let requestID: String?
    /// The last 4096 bytes of the invocation's log, where they were asked for.
    public let logTail: ByteBuffer?

    /// Reads a reply; one without any of our headers, as fadams' daemon sends it, is a result.
    static func read(_ reply: RPCReply) -> Result<InvocationResult, LambdaError> {
        let headers = reply.properties.headers
        let status = headers?[LambdaHeader.statusCode]?.integerValue ?? 200
        guard (200..<300).contains(status) else {
            return .failure(
                LambdaError(
                    status: status, errorType: headers?[LambdaHeader.errorType]?.stringValue,
                    message: ErrorMessage(reply.body).text))
        }
        return .success(
            InvocationResult(
                payload: reply.body, functionError: headers?[LambdaHeader.functionError]?.stringValue,
                executedVersion: headers?[LambdaHeader.executedVersion]?.stringValue,
                requestID: headers?[LambdaHeader.requestID]?.stringValue,
                logTail: headers?[LambdaHeader.logResult]?.stringValue
                    .flatMap { Base64.decode($0) }.map { ByteBuffer(bytes: $0) }))
    }

    /// The same, once its payload went another way.
    var withoutPayload: InvocationResult {
        InvocationResult(
            payload: ByteBuffer(), functionError: self.functionError, executedVersion: self.executedVersion,
            requestID: self.requestID, logTail: self.logTail)
    }
}
