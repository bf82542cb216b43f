import NIOCore

/// Answers whoever speaks plain HTTP on a port for HTTPS, who would otherwise see a broken connection and no reason.
final class PlainHTTPDetector: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var isRefused = false

    private static let answer: StaticString = """
        HTTP/1.1 400 Bad Request\r
        content-type: text/plain\r
        content-length: 29\r
        connection: close\r
        \r
        This port speaks HTTPS only.\n
        """

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.isRefused else { return }
        // A handshake's first byte is its record's type; a request's is a letter.
        let first = self.unwrapInboundIn(data).readableBytesView.first ?? 0
        guard first >= UInt8(ascii: "A"), first <= UInt8(ascii: "Z") else {
            context.fireChannelRead(data)
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
            return
        }
        self.isRefused = true
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(staticString: Self.answer)), promise: nil)
        // What comes is thrown away until the client closes, or the time for a handshake is over.
        context.close(mode: .output, promise: nil)
    }
}
