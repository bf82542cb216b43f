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

    /// Reads an error document, which may be anything.
    init(kind: String, payload: ByteBuffer) {
        let document = try? JSONValue.parse(payload).get()
        self.kind = kind
        self.payload = payload
        self.errorType = document?["errorType"]?.stringValue
        self.message = document?["errorMessage"]?.stringValue
    }
}

extension FunctionError: CustomStringConvertible {
    /// Type and message.
    public var description: String { "\(self.errorType ?? self.kind): \(self.message ?? "")" }
}
