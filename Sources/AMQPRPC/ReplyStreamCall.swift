import AMQP
import NIOCore

/// One call with several replies: between the replies, the reader, and ``ReplyStreamReceiver``, which decides.
///
/// What waits for the reader is bounded by the credit that it has given.
final class ReplyStreamCall: @unchecked Sendable {
    // @unchecked: every stored `var` is used on the client's loop only.
    private let client: RPCClient
    private let replies: RPCReplyStream.Replies.Continuation
    private let watch: SilenceWatch?
    /// Whom to tell the end.
    private var measurement: CallMeasurement?
    private var receiver: ReplyStreamReceiver
    private var id: CallID?
    /// Where credit goes; the server names it in each element.
    private var creditQueue: AMQPShortString?
    /// What the call has failed with.
    private var failure: AMQPError?

    init(
        _ client: RPCClient, window: Int, _ watch: SilenceWatch?, _ measurement: CallMeasurement?,
        _ replies: RPCReplyStream.Replies.Continuation
    ) {
        self.client = client
        self.receiver = ReplyStreamReceiver(window: window)
        self.watch = watch
        self.measurement = measurement
        self.replies = replies
    }

    /// Sends the request, from any thread.
    func start(_ request: RPCRequest, timeout: TimeAmount) {
        self.replies.onTermination = { reason in
            if case .cancelled = reason { self.client.eventLoop.execute { self.cancel() } }
        }
        self.client.eventLoop.execute {
            guard self.failure == nil else { return }
            let id = self.client.stream(request, timeout: timeout) { self.received($0) }
            self.id = id
            self.watch?.start(id)
        }
    }

    /// The reader has taken a reply; from any thread.
    func consumed() {
        self.client.eventLoop.execute {
            guard let credit = self.receiver.consumed() else { return }
            self.tellServer([RPCHeader.streamCredit: .int64(Int64(credit))])
        }
    }

    private func tellServer(_ headers: AMQPTable) {
        guard let id = self.id, let queue = self.creditQueue else { return }
        self.client.send(headers, of: id, to: queue)
    }

    /// The error of a reader whose task was cancelled.
    func cancellationOnLoop() async -> AMQPError {
        let failure = try? await self.client.eventLoop.submit { self.failure }.get()
        return failure.flatMap(\.self) ?? .callCancelled
    }

    private func cancel() {
        guard let id = self.id else { return _ = self.finish(.callCancelled.ofUnsentCall) }
        self.tellServer([RPCHeader.streamCancel: true])
        // Ends the call, unless it has ended, with an error that knows whether the request had left.
        self.client.cancel(id)
    }

    /// The first end is the stream's.
    private func measureEnd(_ error: AMQPError?) {
        self.measurement.take()?.end(error?.code.description ?? "success", error)
    }

    private func received(_ result: Result<RPCReply, AMQPError>) -> RPCClient.StreamStep {
        _ = self.watch?.heard(result, goesOn: true)
        switch result {
        case .failure(let error): return self.finish(error)
        case .success(let reply):
            if let fault = RPCFault(reply) { return self.finish(AMQPError(fault)) }
            return self.received(reply)
        }
    }

    private func received(_ reply: RPCReply) -> RPCClient.StreamStep {
        switch self.receiver.received(reply.properties) {
        case .drop: return .more
        case .element:
            self.creditQueue = reply.properties.replyTo
            self.replies.yield(reply)
            return .more
        case .lastElement:
            self.replies.yield(reply)
            return self.finish(nil)
        case .end: return self.finish(nil)
        case .fail(let code, let message):
            self.tellServer([RPCHeader.streamCancel: true])
            return self.finish(AMQPError(code, message))
        }
    }

    private func finish(_ error: AMQPError?) -> RPCClient.StreamStep {
        self.watch?.stop()
        self.failure = error
        self.measureEnd(error)
        self.replies.finish(throwing: error)
        return .last
    }
}
