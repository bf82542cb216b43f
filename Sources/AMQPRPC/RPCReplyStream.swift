public import AMQP
import NIOCore

/// The replies to one request that has several, as an `AsyncSequence`; it has one reader.
///
/// It ends after the server's last reply, and throws the `AMQPError` that it breaks with: `fault` for an error of the
/// server, `connectionLost` when the connection or the server was lost before the end, else those of
/// ``RPCClient/call(_:timeout:)``. The server is slowed to the pace of the reader: no more than the window is on its way
/// or waits here. Leaving the loop before the end, and the stream with it, tells the server that nobody reads any more; a
/// stream that is kept goes on to its time-out.
public struct RPCReplyStream: AsyncSequence, Sendable {
    /// What it yields.
    public typealias Element = RPCReply
    /// What it ends with: an `AMQPError`.
    public typealias Failure = any Error

    typealias Replies = AsyncThrowingStream<RPCReply, any Error>

    private let replies: Replies
    private let call: ReplyStreamCall

    init(_ replies: Replies, _ call: ReplyStreamCall) {
        self.replies = replies
        self.call = call
    }

    /// Reads the replies.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private var replies: Replies.AsyncIterator
        private let call: ReplyStreamCall

        init(_ replies: Replies, _ call: ReplyStreamCall) {
            self.replies = replies.makeAsyncIterator()
            self.call = call
        }

        /// The next reply; nil after the last one.
        ///
        /// - Throws: The `AMQPError` that the stream broke with; `cancelled` when the reader's task is cancelled.
        @concurrent public mutating func next() async throws -> RPCReply? {
            guard let reply = try await self.replies.next() else {
                // A stream that was left ends without a reply; that is the reader's own cancellation.
                if Task.isCancelled { throw await self.call.cancellationOnLoop() }
                return nil
            }
            self.call.consumed()
            return reply
        }
    }

    /// Begins to read.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(self.replies, self.call)
    }
}

extension RPCClient {
    /// Sends a request that has several replies, and reads them while they are made.
    ///
    /// A server of this library that allows streams (``RPCServerConfiguration/allowsStreams``) sends as many as the reader
    /// takes; another kind of server answers with one reply, which is then the only one.
    ///
    /// - Parameters:
    ///   - request: What to send.
    ///   - timeout: How long all replies may take; the message expires in its queue after the same time.
    ///   - window: Replies that may be on their way or wait for the reader, 1 to 65 535.
    ///   - silence: How long to wait for a sign of life, as in ``call(_:timeout:silenceTimeout:)``; nil does not watch.
    /// - Returns: The replies. The request is on its way when this returns; its errors come from the sequence.
    /// - Throws: `AMQPError`, `invalidArgument`, for a time-out or a window out of range.
    public func stream(
        _ request: RPCRequest, timeout: Duration, window: Int = 64, silenceTimeout silence: Duration? = nil
    ) throws(AMQPError) -> RPCReplyStream {
        guard timeout > .zero else { throw AMQPError(.invalidArgument, "the timeout must be longer than 0") }
        guard (1...65_535).contains(window) else {
            throw AMQPError(.invalidArgument, "the window must be from 1 to 65535")
        }
        let watch: SilenceWatch? = if let silence { try SilenceWatch(self, silence: silence) } else { nil }
        var request = watch?.asking(request, timeout: timeout) ?? request
        request.setHeader(RPCHeader.streamCredit, .int64(Int64(window)))
        let measurement = self.instruments?.begin("stream", request.routingKey.string)
        measurement?.inject(into: &request.properties.headers)
        let (replies, continuation) = RPCReplyStream.Replies.makeStream()
        let call = ReplyStreamCall(self, window: window, watch, measurement, continuation)
        call.start(request, timeout: TimeAmount(timeout))
        return RPCReplyStream(replies, call)
    }
}
