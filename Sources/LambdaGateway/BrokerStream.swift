import AMQP
import AMQPRPC
import LambdaMessages
import LambdaProtocol
import NIOCore

/// One streamed invocation: chunks from the broker into a sink, and credit back as the sink takes them.
///
/// Only translates: ``StreamReceiver`` decides what a message means, ``StreamBacklog`` what is handed over when.
// @unchecked: every member is used on the client's loop only (asserted by the client).
final class BrokerStream: @unchecked Sendable {
    /// How a stream ends.
    enum End {
        case outcome(InvocationOutcome)
        case failed(AMQPError)
    }

    private let client: RPCClient
    private let sink: any ResponseSink
    private let completion: (End) -> Void
    private var receiver: StreamReceiver
    private var backlog = StreamBacklog<ByteBuffer, End>()
    private var id: CallID?
    /// Where credit goes; the daemon names it in each chunk.
    private var creditQueue: AMQPShortString?
    /// Ends a stream that does not begin.
    private var timer: Scheduled<Void>?
    private var isHandingOver = false
    /// Nothing more of the call counts.
    private var isOver = false

    /// - Parameters:
    ///   - client: What the request leaves by.
    ///   - sink: Takes the answer.
    ///   - window: Bytes that may be on their way or wait for the sink.
    ///   - completion: Called exactly once, after everything that the sink is given.
    init(_ client: RPCClient, into sink: any ResponseSink, window: Int, completion: @escaping (End) -> Void) {
        self.client = client
        self.sink = sink
        self.completion = completion
        self.receiver = StreamReceiver(window: window)
    }

    /// Sends the request.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - patience: How long nothing at all may come.
    ///   - timeout: How long the whole answer may take.
    func start(_ request: RPCRequest, beginningWithin patience: TimeAmount, timeout: TimeAmount) {
        self.sink.onWanted = { self.sinkWantsMore() }
        self.timer = self.client.eventLoop.assumeIsolated().scheduleTask(in: patience) { self.didNotBegin() }
        self.id = self.client.stream(request, timeout: max(patience, timeout)) { self.received($0) }
        // It ended before it had an id.
        if self.isOver { self.id = nil }
    }

    private func didNotBegin() {
        guard !self.isOver else { return }
        self.end(.failed(AMQPError(.timedOut, "no reply came in time")))
        if let id = self.id { self.client.cancel(id) }
    }

    // MARK: From the broker

    private func received(_ result: Result<RPCReply, AMQPError>) -> RPCClient.StreamStep {
        guard !self.isOver else { return .last }
        self.timer?.cancel()
        switch result {
        case .success(let reply): return self.received(reply)
        case .failure(let error):
            self.end(.failed(error))
            return .last
        }
    }

    private func received(_ reply: RPCReply) -> RPCClient.StreamStep {
        let message = StreamedMessage(reply.properties)
        switch self.receiver.received(message, byteCount: reply.body.readableBytes) {
        case .drop: return .more
        case .chunk:
            if self.creditQueue == nil { self.sink.begin(Self.head(reply)) }
            self.creditQueue = reply.properties.replyTo ?? .empty
            self.backlog.add(.chunk(reply.body))
            self.handOver()
            return .more
        case .complete, .whole: self.end(.outcome(InvocationOutcome(reply.properties, reply.body)))
        case .fail(let kind, let message): self.end(.outcome(.refused(InvokeError(kind, message))))
        }
        return .last
    }

    private static func head(_ reply: RPCReply) -> ResponseHead {
        ResponseHead(
            contentType: reply.properties.contentType?.string,
            executedVersion: reply.properties.headers?[LambdaHeader.executedVersion]?.stringValue)
    }

    // MARK: To the sink

    private func end(_ end: End) {
        self.isOver = true
        self.timer?.cancel()
        self.backlog.add(.end(end))
        self.handOver()
    }

    private func sinkWantsMore() {
        self.backlog.resume()
        self.handOver()
    }

    private func handOver() {
        // A sink may ask for more while it is given something.
        guard !self.isHandingOver else { return }
        self.isHandingOver = true
        defer { self.isHandingOver = false }
        while let item = self.backlog.next() {
            switch item {
            case .chunk(let bytes):
                if !self.sink.write(bytes) { self.backlog.pause() }
                self.give(self.receiver.consumed(byteCount: bytes.readableBytes))
            case .end(let end):
                self.sink.onWanted = nil
                self.completion(end)
            }
        }
    }

    private func give(_ credit: Int?) {
        guard let credit, !self.isOver, let id = self.id, let queue = self.creditQueue else { return }
        self.client.send(StreamCreditMessage.headers(byteCount: credit), of: id, to: queue)
    }
}
