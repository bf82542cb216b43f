import AMQP
import AMQPRPC
import LambdaMessages
import LambdaProtocol
import NIOCore

/// One streamed invocation of a client: between the replies, the reader, and ``StreamReceiver``, which decides.
// @unchecked: every stored `var` is used on the client's loop only (asserted).
final class StreamCall: @unchecked Sendable {
    private let rpc: RPCClient
    private let function: String
    private let events: InvocationStream.Events.Continuation
    private var receiver: StreamReceiver
    private var id: CallID?
    /// Where credit goes; the daemon names it in each chunk.
    private var creditQueue: AMQPShortString?
    private(set) var contentType: String?
    /// Whom to tell the end, which may have come before.
    private var measurement: CallMeasurement?
    private var end: (outcome: String, error: (any Error)?)?

    init(
        _ rpc: RPCClient, function: String, receiver: StreamReceiver,
        events: InvocationStream.Events.Continuation
    ) {
        self.rpc = rpc
        self.function = function
        self.receiver = receiver
        self.events = events
    }

    /// Sends the request, from any thread.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - timeout: For the whole answer.
    ///   - ended: Called once, when nothing more of the stream is on its way or wanted.
    func start(_ request: RPCRequest, timeout: Duration, ended: @escaping @Sendable () -> Void) {
        self.events.onTermination = { reason in
            ended()
            if case .cancelled = reason { self.cancel() }
        }
        self.rpc.eventLoop.execute {
            guard self.end == nil else { return }
            self.id = self.rpc.stream(request, timeout: TimeAmount(timeout)) { self.received($0) }
        }
    }

    /// The reader has taken bytes; from any thread.
    func consumed(byteCount: Int) {
        self.rpc.eventLoop.execute {
            guard let credit = self.receiver.consumed(byteCount: byteCount), let id = self.id,
                let queue = self.creditQueue
            else { return }
            self.rpc.send(StreamCreditMessage.headers(byteCount: credit), of: id, to: queue)
        }
    }

    /// Reads on the loop what is set there.
    func contentTypeOnLoop() async -> String? {
        try? await self.rpc.eventLoop.submit { self.contentType }.get()
    }

    /// The error of a caller whose task was cancelled before the answer began.
    func cancellationOnLoop() async -> LambdaError {
        let error = try? await self.rpc.eventLoop.submit { self.end?.error as? LambdaError }.get()
        return error.flatMap(\.self) ?? .cancelled
    }

    /// Has the end reported; from any thread.
    func reportEnd(to measurement: CallMeasurement) {
        self.rpc.eventLoop.execute {
            self.measurement = measurement
            self.report()
        }
    }

    private func report() {
        guard let end = self.end, let measurement = self.measurement else { return }
        self.measurement = nil
        measurement.end(end.outcome, end.error)
    }

    private func ended(_ outcome: String, _ error: (any Error)? = nil) {
        if self.end == nil { self.end = (outcome, error) }
        self.report()
    }

    private func cancel() {
        self.rpc.eventLoop.execute {
            guard let id = self.id else { return self.finish(.failure(.cancelledBefore)) }
            // Ends the call, unless it has ended, with an error that knows whether the request had left.
            self.rpc.cancel(id)
        }
    }

    private func received(_ result: Result<RPCReply, AMQPError>) -> RPCClient.StreamStep {
        self.rpc.eventLoop.assertInEventLoop()
        switch result {
        case .success(let reply): return self.received(reply)
        case .failure(let error):
            self.finish(.failure(LambdaError(error, function: self.function)))
            return .last
        }
    }

    private func received(_ reply: RPCReply) -> RPCClient.StreamStep {
        let message = StreamedMessage(reply.properties)
        switch self.receiver.received(message, byteCount: reply.body.readableBytes) {
        case .drop: return .more
        case .chunk:
            self.contentType = reply.properties.contentType?.string
            self.creditQueue = reply.properties.replyTo
            self.events.yield(.chunk(reply.body))
            return .more
        case .complete: self.finish(InvocationResult.read(reply))
        case .whole: self.finish(whole: reply)
        case .fail(let kind, let message):
            self.finish(.failure(LambdaError(kind == .service ? .service : .noAnswer, message)))
        }
        return .last
    }

    private func finish(whole reply: RPCReply) {
        let result = InvocationResult.read(reply)
        guard case .success(let success) = result, success.functionError == nil else { return self.finish(result) }
        self.contentType = reply.properties.contentType?.string
        if reply.body.readableBytes > 0 { self.events.yield(.chunk(reply.body)) }
        self.finish(.success(success.withoutPayload))
    }

    private func finish(_ result: Result<InvocationResult, LambdaError>) {
        switch result {
        case .success(let result):
            self.ended(result.outcome, result.functionError)
            self.events.yield(.complete(result))
            self.events.finish()
        case .failure(let error):
            self.ended(error.code.description, error)
            self.events.finish(throwing: error)
        }
    }
}
