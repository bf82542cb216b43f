import LambdaHTTP
import LambdaProtocol
import NIOCore
import NIOHTTP1

/// The answer to InvokeWithResponseStream: event-stream frames, as the function makes its answer (contract 2).
///
/// A client that reads slowly slows the function; one that hangs up does not end it, as on AWS.
// @unchecked: every member is used on the exchange's event loop only (asserted by the exchange).
final class EventStreamResponse: ResponseSink, @unchecked Sendable {
    var onWanted: (() -> Void)?

    private let exchange: HTTPExchange
    private let requestID: String
    private let traceID: String?
    private var writer: HTTPResponseWriter?
    /// The client is gone, or has its last frame: what the function still makes is dropped.
    private var isOver = false

    init(_ exchange: HTTPExchange, to request: InvocationRequest) {
        self.exchange = exchange
        self.requestID = request.requestID
        self.traceID = request.traceID
        exchange.onAbort = { [weak self] in self?.clientGone() }
    }

    func begin(_ head: ResponseHead) {
        self.open(executedVersion: head.executedVersion)
    }

    func write(_ bytes: ByteBuffer) -> Bool {
        guard !self.isOver, let writer = self.writer else { return true }
        var rest = bytes
        var isWritable = true
        while rest.readableBytes > 0,
            let chunk = rest.readSlice(length: min(rest.readableBytes, EventStream.maxChunkByteCount))
        {
            isWritable = writer.write(EventStream.payloadChunk(chunk))
        }
        return isWritable
    }

    /// Answers with what became of the invocation: the rest of a stream that has begun, or everything.
    func finish(_ outcome: InvocationOutcome) {
        switch outcome {
        case .result(let reply):
            self.open(executedVersion: reply.executedVersion)
            _ = self.write(reply.body)
            self.complete(.init(logTail: reply.logTail))
        case .functionError(let reply):
            self.open(executedVersion: reply.executedVersion)
            self.complete(
                .init(errorCode: LambdaHeader.unhandled, errorDetails: reply.body, logTail: reply.logTail))
        case .refused(let error):
            // What is known before the first byte is an ordinary error (contract 2.1).
            guard self.writer != nil else { return self.exchange.answer(error, requestID: self.requestID) }
            self.end(EventStream.fault(code: error.kind.errorType, message: error.message))
        }
    }

    private func open(executedVersion: String?) {
        guard self.writer == nil else { return }
        var headers = [
            ("Content-Type", EventStream.contentType), (LambdaHeader.requestID, self.requestID),
            (LambdaHeader.executedVersion, executedVersion ?? "$LATEST"),
        ]
        if let traceID = self.traceID { headers.append((LambdaHeader.traceID, traceID)) }
        let writer = self.exchange.startStreaming(status: .ok, headers: headers)
        writer.onWritable = { [weak self] in self?.onWanted?() }
        self.writer = writer
    }

    private func complete(_ completion: EventStream.Completion) {
        self.end(EventStream.invokeComplete(completion))
    }

    private func end(_ frame: ByteBuffer) {
        guard !self.isOver, let writer = self.writer else { return }
        self.isOver = true
        _ = writer.write(frame)
        writer.end()
    }

    private func clientGone() {
        self.isOver = true
        self.onWanted?()
    }
}
