internal import NIOCore
internal import NIOHTTP1

/// One HTTP request after the other on a client's connection, of whose responses only the status is of interest.
final class TelemetryHTTPHandler: ChannelDuplexHandler {
    /// A request, and who waits for its end.
    struct Post: Sendable {
        var head: HTTPRequestHead
        var body: ByteBuffer
        /// Told whether the status was 2xx.
        var promise: EventLoopPromise<Bool>
    }

    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = Post
    typealias OutboundOut = HTTPClientRequestPart

    private var waiting: EventLoopPromise<Bool>?
    private var isSuccess = false
    private var isKeptAlive = false

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        var post = self.unwrapOutboundIn(data)
        post.head.headers.add(name: "content-length", value: String(post.body.readableBytes))
        self.waiting = post.promise
        context.write(self.wrapOutboundOut(.head(post.head)), promise: nil)
        context.write(self.wrapOutboundOut(.body(.byteBuffer(post.body))), promise: nil)
        context.write(self.wrapOutboundOut(.end(nil)), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .head(let head):
            self.isSuccess = (200..<300).contains(head.status.code)
            self.isKeptAlive = head.isKeepAlive
        case .body:
            break
        case .end:
            if !self.isKeptAlive { context.close(promise: nil) }
            self.finish { $0.succeed(self.isSuccess) }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.finish { $0.fail(ChannelError.eof) }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.finish { $0.fail(error) }
        context.close(promise: nil)
    }

    private func finish(_ body: (EventLoopPromise<Bool>) -> Void) {
        guard let waiting = self.waiting else { return }
        self.waiting = nil
        body(waiting)
    }
}
