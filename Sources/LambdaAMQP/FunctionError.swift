import LambdaProtocol
public import NIOCore

/// A function's own error: it ran, and failed or was ended.
///
/// It raised an exception, its runtime exited, it ran out of time or memory, or its answer was too large.
public struct FunctionError: Error, Sendable, Hashable {
    /// `Unhandled`, the word of `X-Amz-Function-Error`.
    public let kind: String
    /// The error document as the function or its daemon made it, byte for byte.
    public let payload: ByteBuffer
    /// The document's `errorType`: the exception's class, `Sandbox.Timedout`, `Runtime.ExitError`, …
    public let errorType: String?
    /// The document's `errorMessage`.
    public let message: String?
    /// The invocation's request id.
    public let requestID: String?
    /// The last 4096 bytes of the invocation's log, where they were asked for.
    public let logTail: ByteBuffer?

    /// An error with its document, which may be anything; in tests, what a function would fail with.
    ///
    /// - Parameters:
    ///   - payload: The error document; ``errorType`` and ``message`` are read from it, where it is a JSON object that has them.
    ///   - kind: The word of `X-Amz-Function-Error`. `Unhandled` unless given.
    ///   - requestID: The invocation's request id. None unless given.
    ///   - logTail: The end of the invocation's log, 4096 bytes at most. None unless given.
    public init(
        payload: ByteBuffer, kind: String = "Unhandled", requestID: String? = nil, logTail: ByteBuffer? = nil
    ) {
        let document = try? JSONValue.parse(payload).get()
        self.kind = kind
        self.payload = payload
        self.errorType = document?["errorType"]?.stringValue
        self.message = document?["errorMessage"]?.stringValue
        self.requestID = requestID
        self.logTail = logTail
    }

    /// An error with the document that runtimes make of an exception; in tests, what a function would fail with.
    ///
    /// - Parameters:
    ///   - errorType: The document's `errorType`, such as the exception's class.
    ///   - message: The document's `errorMessage`.
    ///   - kind: The word of `X-Amz-Function-Error`. `Unhandled` unless given.
    ///   - requestID: The invocation's request id. None unless given.
    ///   - logTail: The end of the invocation's log, 4096 bytes at most. None unless given.
    public init(
        errorType: String, message: String, kind: String = "Unhandled", requestID: String? = nil,
        logTail: ByteBuffer? = nil
    ) {
        self.init(
            payload: ErrorDocument.messageFirst(type: errorType, message: message), kind: kind, requestID: requestID,
            logTail: logTail)
    }
}

extension FunctionError: CustomStringConvertible {
    /// Type and message.
    public var description: String { "\(self.errorType ?? self.kind): \(self.message ?? "")" }
}
