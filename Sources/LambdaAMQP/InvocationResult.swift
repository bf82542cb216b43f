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
    /// The client's.
    let decoder: JSONDecoder?

    /// The result of a function that has not failed; in tests, what a client would return.
    ///
    /// - Parameters:
    ///   - payload: The result: JSON, unless the function answers with bytes.
    ///   - executedVersion: The version that ran. None unless given.
    ///   - requestID: The invocation's request id. None unless given.
    ///   - logTail: The end of the invocation's log, 4096 bytes at most. None unless given.
    public init(
        payload: ByteBuffer, executedVersion: String? = nil, requestID: String? = nil, logTail: ByteBuffer? = nil
    ) {
        self.init(
            payload: payload, functionError: nil, executedVersion: executedVersion, requestID: requestID, logTail: logTail,
            decoder: nil)
    }

    /// The result of a function that has failed; in tests, what a client would return.
    ///
    /// - Parameters:
    ///   - functionError: The function's error; payload, request id and log tail are its own.
    ///   - executedVersion: The version that ran. None unless given.
    public init(functionError: FunctionError, executedVersion: String? = nil) {
        self.init(
            payload: functionError.payload, functionError: functionError, executedVersion: executedVersion,
            requestID: functionError.requestID, logTail: functionError.logTail, decoder: nil)
    }

    private init(
        payload: ByteBuffer, functionError: FunctionError?, executedVersion: String?, requestID: String?,
        logTail: ByteBuffer?, decoder: JSONDecoder?
    ) {
        self.payload = payload
        self.functionError = functionError
        self.executedVersion = executedVersion
        self.requestID = requestID
        self.logTail = logTail
        self.decoder = decoder
    }

    /// The result of a function that has not failed.
    ///
    /// - Returns: ``payload``.
    /// - Throws: The function's error.
    public func get() throws(FunctionError) -> ByteBuffer {
        if let error = self.functionError { throw error }
        return self.payload
    }

    /// The result of a function that has not failed, as a value.
    ///
    /// - Parameters:
    ///   - type: What to read. What the context asks for, unless given.
    ///   - decoder: Reads it from JSON. Unless given, ``LambdaClientConfiguration/decoder`` of the client whose result it
    ///     is, or a new one where a test has made it.
    /// - Returns: The value.
    /// - Throws: The function's ``FunctionError``; a ``LambdaError`` with the code `invalidResult` when the result is not
    ///   what was expected.
    public func decode<Output: Decodable>(
        as type: Output.Type = Output.self, using decoder: JSONDecoder? = nil
    ) throws -> Output {
        let payload = try self.get()
        let decoder = decoder ?? self.decoder ?? JSONDecoder()
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
    ///
    /// - Parameters:
    ///   - reply: The reply.
    ///   - decoder: Of the client whose reply it is.
    package static func read(
        _ reply: RPCReply, decoder: JSONDecoder? = nil
    ) -> Result<InvocationResult, LambdaError> {
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
        let version = headers?[LambdaHeader.executedVersion]?.stringValue
        let error = headers?[LambdaHeader.functionError]?.stringValue
            .map { FunctionError(payload: reply.body, kind: $0, requestID: requestID, logTail: logTail) }
        return .success(
            InvocationResult(
                payload: reply.body, functionError: error, executedVersion: version, requestID: requestID,
                logTail: logTail, decoder: decoder))
    }

    /// The same, once the payload of a function that has not failed went another way.
    var withoutPayload: InvocationResult {
        InvocationResult(
            payload: ByteBuffer(), executedVersion: self.executedVersion, requestID: self.requestID, logTail: self.logTail)
    }

    /// The bounded name of what became of the invocation.
    var outcome: String { self.functionError == nil ? "success" : "function_error" }
}
