public import AMQP
public import NIOCore

/// An error that a server answers with, as its caller sees it.
///
/// A handler throws it; ``RPCClient/call(_:timeout:)`` then throws an `AMQPError` of code `fault`, whose
/// `AMQPError.fault` is the same again. On the wire it is a reply with the headers `X-RPC-Fault-Type`,
/// `X-RPC-Fault-Status`, `X-RPC-Fault-Message` and `X-RPC-Fault-Retriable`.
public struct RPCFault: Error, Sendable, Hashable {
    /// The kind of error, for programs: a name from a set that server and client have agreed on.
    public var type: String
    /// A number as HTTP's status codes have it: 4xx is the caller's doing, 5xx the server's.
    public var status: Int
    /// A sentence for people.
    ///
    /// It goes to the caller, so it should hold nothing that the caller may not know.
    public var message: String
    /// Whether the same call may be made again: the server has done nothing that must not be done twice, and it may succeed
    /// then.
    public var isRetriable: Bool
    /// Details, in a form that server and client have agreed on; the reply's body.
    public var details: ByteBuffer

    /// An error to answer with.
    ///
    /// - Parameters:
    ///   - type: The kind of error, for programs.
    ///   - status: A number as HTTP's status codes have it.
    ///   - message: A sentence for people.
    ///   - isRetriable: Whether the same call may be made again.
    ///   - details: The reply's body.
    public init(
        type: String, status: Int = 500, message: String, isRetriable: Bool = false, details: ByteBuffer = ByteBuffer()
    ) {
        self.type = type
        self.status = status
        self.message = message
        self.isRetriable = isRetriable
        self.details = details
    }

    /// The handler threw an error that is none of these: 500.
    ///
    /// The error itself is logged (``RPCServerConfiguration/logger``) and not sent.
    public static let handlerFailed = RPCFault(type: "HandlerFailed", status: 500, message: "the handler failed")
    /// The handler was cancelled, since its caller's time was over: 504.
    public static let deadlineExceeded = RPCFault(
        type: "DeadlineExceeded", status: 504, message: "the call was not finished in its time")
    /// The handler's reply could not be sent: it is larger than the server may send, or a property is too long: 500.
    public static let replyNotSent = RPCFault(
        type: "ReplyNotSent", status: 500, message: "the reply could not be sent as a message")
    /// The request's idempotency key is longer than 255 bytes, or neither text nor bytes: 400.
    public static let invalidIdempotencyKey = RPCFault(
        type: "InvalidIdempotencyKey", status: 400, message: "an idempotency key is 1 to 255 bytes")
    /// The request's idempotency key is that of another request, whose body differs; this one was not handled: 400.
    public static let idempotencyKeyReused = RPCFault(
        type: "IdempotencyKeyReused", status: 400, message: "the idempotency key belongs to a request with another body")
}

extension RPCFault: CustomStringConvertible {
    /// Type, status and message.
    public var description: String { "\(self.type) (\(self.status)): \(self.message)" }
}

extension RPCFault {
    /// The fault that a reply is; nil for a success.
    package init?(_ reply: RPCReply) {
        guard let headers = reply.properties.headers, let type = headers[RPCHeader.faultType]?.stringValue else {
            return nil
        }
        self.init(
            type: type, status: headers[RPCHeader.faultStatus]?.integerValue ?? 500,
            message: headers[RPCHeader.faultMessage]?.stringValue ?? type,
            isRetriable: headers[RPCHeader.faultRetriable]?.boolValue ?? false, details: reply.body)
    }

    /// The reply that says it.
    package var reply: RPCReply {
        let headers: AMQPTable = [
            RPCHeader.faultType: .string(self.type), RPCHeader.faultStatus: .int32(Int32(clamping: self.status)),
            RPCHeader.faultMessage: .string(self.message), RPCHeader.faultRetriable: .bool(self.isRetriable),
        ]
        return RPCReply(properties: AMQPProperties(contentType: nil, headers: headers), body: self.details)
    }
}

extension AMQPError {
    /// What the server answered with, where its `code` is `fault`; nil for every other error.
    public var fault: RPCFault? { self.underlying as? RPCFault }

    /// A server's answer as the error of its call.
    init(_ fault: RPCFault) {
        self.init(.fault, "the server answered with \(fault)", isTransient: fault.isRetriable,
            mayHaveExecuted: !fault.isRetriable, underlying: fault)
    }
}
