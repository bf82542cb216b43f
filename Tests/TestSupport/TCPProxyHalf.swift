import NIOCore

/// One direction of one connection: reads from its own channel and writes to the other.
final class TCPProxyHalf: ChannelInboundHandler, @unchecked Sendable {
    // @unchecked: used on the proxy's loop only.
    typealias InboundIn = ByteBuffer

    let direction: TCPProxy.Direction
    private let links: TCPProxyLinks
    private let sink: any Channel
    private var context: ChannelHandlerContext?
    /// When the bytes read last are due: later ones must not overtake them.
    private var lastDue: NIODeadline = .uptimeNanoseconds(0)
    private var wantsRead = false
    /// What was read after the direction had been stalled: a read was under way then.
    private var held: ByteBuffer?

    init(_ direction: TCPProxy.Direction, links: TCPProxyLinks, sink: any Channel) {
        self.direction = direction
        self.links = links
        self.sink = sink
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.links.ended(self)
    }

    func channelActive(context: ChannelHandlerContext) {
        self.start()
    }

    func start() {
        self.readMore()
    }

    func rulesChanged() {
        if !self.links.rules(for: self.direction).isStalled, let held = self.held {
            self.held = nil
            self.pass(held)
        }
        if self.wantsRead { self.readMore() }
    }

    func close(withReset: Bool) {
        guard let channel = self.context?.channel else { return }
        if withReset { channel.closeWithReset() } else { channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = self.unwrapInboundIn(data)
        guard self.links.rules(for: self.direction).isStalled else { return self.pass(bytes) }
        if self.held == nil { self.held = bytes } else { self.held?.writeBuffer(&bytes) }
    }

    private func pass(_ bytes: ByteBuffer) {
        guard !self.links.rules(for: self.direction).isSwallowing else { return }
        var bytes = bytes
        let (byteCount, isLast) = self.links.pass(bytes.readableBytes, self.direction)
        if let passing = bytes.readSlice(length: byteCount) { self.afterDelay { $0.write(passing) } }
        if isLast {
            self.afterDelay { half in
                half.sink.close(promise: nil)
                half.close(withReset: false)
            }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.readMore()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.afterDelay { $0.sink.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func readMore() {
        self.wantsRead = self.links.rules(for: self.direction).isStalled || !self.sink.isWritable
        if !self.wantsRead { self.context?.read() }
    }

    private func write(_ bytes: ByteBuffer) {
        self.sink.writeAndFlush(bytes).assumeIsolated().whenComplete { _ in self.rulesChanged() }
    }

    private func afterDelay(_ action: @escaping (TCPProxyHalf) -> Void) {
        let now = NIODeadline.now()
        let due = max(self.lastDue, now + self.links.rules(for: self.direction).delay)
        self.lastDue = due
        guard due > now, let loop = self.context?.eventLoop else { return action(self) }
        loop.assumeIsolated().scheduleTask(deadline: due) { action(self) }
    }
}
