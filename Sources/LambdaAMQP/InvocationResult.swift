import AMQP
package import AMQPRPC
public import FoundationEssentials
import LambdaMessages
import LambdaProtocol
public import NIOCore

/// What a function answered: its result, or its own error.
public struct InvocationResult: Sendable {
    /// The function's result, or its error document, byte for byte.
    public let payload: ByteBuffer
    /// The function's error, where it failed; ``payload`` is its document then.
    public let functionError: FunctionError?
    /// The version that ran: `$LATEST` or a number.
    public let executedVersion: String?
    /// The invocation's request id.
    public let requestID: String?
    /// The last 4096 bytes of the invocation's log, where they were asked for.
    public let logTail: ByteBuffer?

    /// The result of a function that has not failed.
    ///
    /// - Throws: The function's error.
    public func get() throws(FunctionError) -> ByteBuffer {
        if let error = self.functionError { throw error }
        return self.payload
    }

    /// The result of a function that has not failed, as a value.
    ///
    /// - Parameters:
    ///   - type: What to read.
    ///   - decoder: Reads it from JSON.
    /// - Returns: The value.
    /// - Throws: The function's ``FunctionError``; a ``LambdaError`` with the code `invalidResult` when the result is not
    ///   what was expected.
    public func decode<Output: Decodable>(
        as type: Output.Type = Output.self, using decoder: JSONDecoder = JSONDecoder()
    ) throws -> Output {
        let payload = try self.get()
        do {
            return try decoder.decode(type, from: Data(payload.readableBytesView))
        } catch {
            throw LambdaError(
                .invalidResult, "the function's result is not the expected \(type): \(error)",
                requestID: self.requestID, underlying: error)
        }
    }
}

extension InvocationResult {
    /// Reads a reply; one without any of our headers, as fadams' daemon sends it, is a result.
    package static func read(_ reply: RPCReply) -> Result<InvocationResult, LambdaError> {
        let headers = reply.properties.headers
        let status = headers?[LambdaHeader.statusCode]?.decimalValue ?? 200
        let requestID = headers?[LambdaHeader.requestID]?.stringValue
        guard (200..<300).contains(status) else {
            return .failure(
                LambdaError(
                    status: status, errorType: headers?[LambdaHeader.errorType]?.stringValue,
                    message: ErrorMessage(reply.body).text, requestID: requestID,
                    retryAfter: headers?[LambdaHeader.retryAfter]?.decimalValue.map { .seconds(max(0, $0)) }))
        }
        let logTail = headers?[LambdaHeader.logResult]?.stringValue
            .flatMap { Base64.decode($0) }.map { ByteBuffer(bytes: $0) }
        return .success(
            InvocationResult(
                payload: reply.body,
                functionError: headers?[LambdaHeader.functionError]?.stringValue
                    .map { FunctionError(kind: $0, payload: reply.body, requestID: requestID, logTail: logTail) },
                executedVersion: headers?[LambdaHeader.executedVersion]?.stringValue, requestID: requestID,
                logTail: logTail))
    }

    /// The same, once its payload went another way.
    var withoutPayload: InvocationResult {
        InvocationResult(
            payload: ByteBuffer(), functionError: self.functionError, executedVersion: self.executedVersion,
            requestID: self.requestID, logTail: self.logTail)
    }

    /// The bounded name of what became of the invocation.
    var outcome: String { self.functionError == nil ? "success" : "function_error" }
}
