public import AMQP
public import NIOCore

/// A request as its handler sees it, and what the handler can do besides answering it.
public struct RPCContext: Sendable {
    /// The message that the request came as.
    public let delivery: AMQPDelivery
    /// When the caller stops waiting; nil where it has not said.
    ///
    /// Reckoned from the request's receipt here, so the time that it spent in its queue is not taken off. The handler's
    /// task is cancelled then.
    public let deadline: ContinuousClock.Instant?
    private let caller: Caller

    /// Who takes the elements of a stream.
    private enum Caller {
        case served(ServedCall)
        case test(@Sendable (RPCReply) async throws(AMQPError) -> Void)
        /// Nobody: one reply is all that is wanted.
        case none
    }

    init(_ call: ServedCall) {
        self.delivery = call.delivery
        self.deadline = call.deadline
        self.caller = call.isStream ? .served(call) : .none
    }

    /// A request as a server would hand it to its handler, for a test of the handler.
    ///
    /// - Parameters:
    ///   - delivery: The message that the request comes as.
    ///   - timeout: How long its caller waits. Default: nil, where it has not said.
    ///   - send: Takes what the handler sends with ``send(_:)``. Default: nil, where the caller takes one reply only.
    public init(
        _ delivery: AMQPDelivery, timeout: Duration? = nil,
        send: (@Sendable (RPCReply) async throws(AMQPError) -> Void)? = nil
    ) {
        self.delivery = delivery
        self.deadline = timeout.map { .now + $0 }
        self.caller = send.map { .test($0) } ?? .none
    }

    /// The request's body.
    public var body: ByteBuffer { self.delivery.body }
    /// The request's properties.
    public var properties: AMQPProperties { self.delivery.properties }
    /// The request's headers.
    public var headers: AMQPTable { self.delivery.properties.headers ?? AMQPTable() }
    /// The caller's own id of the call, echoed in every reply.
    public var correlationID: AMQPShortString? { self.delivery.properties.correlationID }
    /// The request may have been handled before, by a server that was lost.
    public var isRedelivered: Bool { self.delivery.isRedelivered }
    /// What tells this request from another one, where the caller has said so (``RPCRequest/idempotencyKey``).
    public var idempotencyKey: String? {
        self.delivery.properties.headers?[RPCHeader.idempotencyKey]?.stringValue
    }
    /// Whether a caller waits for an answer.
    public var wantsReply: Bool { self.delivery.properties.replyTo != nil }
    /// Whether the caller takes several replies, so that ``send(_:)`` may be used.
    public var wantsStream: Bool { if case .none = self.caller { false } else { true } }

    /// How long the caller still waits; nil where it has not said, zero when its time is over.
    public var timeRemaining: Duration? {
        self.deadline.map { max(.zero, ContinuousClock.now.duration(to: $0)) }
    }

    /// Sends an element of a stream.
    ///
    /// It waits until the caller has said that it takes one more, and the connection keeps up: so a slow reader slows its
    /// handler, and nothing piles up. What the handler returns ends the stream.
    ///
    /// - Parameter element: The element; the server sets its `correlationID` and `replyTo`.
    /// - Throws: `AMQPError`: `invalidArgument` when the caller takes one reply only, or the element cannot be a message;
    ///   `cancelled` when nobody reads the stream any more or the handler was cancelled; `connectionLost` when the
    ///   connection was lost, and the stream with it.
    public func send(_ element: RPCReply) async throws(AMQPError) {
        switch self.caller {
        case .served(let call): try await call.send(element)
        case .test(let send): try await send(element)
        case .none:
            throw AMQPError(.invalidArgument, "the caller takes one reply, or the server allows no streams")
        }
    }
}
