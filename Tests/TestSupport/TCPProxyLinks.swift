import NIOCore
import NIOPosix

/// The connections of a ``TCPProxy`` and what is done to them.
final class LoopBoundLinks: @unchecked Sendable {
    // @unchecked: every member is used on `loop` only (asserted).
    /// What happens to the bytes of one direction.
    struct Rules {
        var isStalled = false
        var isSwallowing = false
        var delay: TimeAmount = .zero
        var byteCountUntilCut: Int?
    }

    private let loop: any EventLoop
    private var toServer = Rules()
    private var toClient = Rules()
    private var halves: [ObjectIdentifier: ProxyHalf] = [:]
    var isRefusing = false

    init(loop: any EventLoop) {
        self.loop = loop
    }

    /// How many connections there are; each has two halves.
    var count: Int { self.halves.count / 2 }

    func rules(for direction: TCPProxy.Direction) -> Rules {
        direction == .toServer ? self.toServer : self.toClient
    }

    func change(_ direction: TCPProxy.Direction, _ change: (inout Rules) -> Void) {
        self.loop.assertInEventLoop()
        if direction == .toServer { change(&self.toServer) } else { change(&self.toClient) }
        for half in self.halves.values where half.direction == direction { half.rulesChanged() }
    }

    func closeAll(withReset: Bool) {
        self.loop.assertInEventLoop()
        for half in self.halves.values { half.close(withReset: withReset) }
    }

    /// Connects to the server, and glues the two.
    func accept(_ client: any Channel, host: String, port: Int) -> EventLoopFuture<Void> {
        guard !self.isRefusing else { return client.close() }
        return ClientBootstrap(group: self.loop)
            .channelOption(.autoRead, value: false)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .connect(host: host, port: port)
            .flatMapThrowing { server in
                let (up, down) = (
                    ProxyHalf(.toServer, links: self, sink: server), ProxyHalf(.toClient, links: self, sink: client)
                )
                try client.pipeline.syncOperations.addHandler(up)
                try server.pipeline.syncOperations.addHandler(down)
                self.halves[ObjectIdentifier(up)] = up
                self.halves[ObjectIdentifier(down)] = down
                down.start()
            }
            .flatMapError { error in client.close().flatMapThrowing { throw error } }
    }

    func ended(_ half: ProxyHalf) {
        self.halves[ObjectIdentifier(half)] = nil
    }

    /// Takes bytes that pass off a direction's count.
    ///
    /// Returns how many may pass, and whether that is the last.
    func pass(_ byteCount: Int, _ direction: TCPProxy.Direction) -> (byteCount: Int, isLast: Bool) {
        guard let left = self.rules(for: direction).byteCountUntilCut else { return (byteCount, false) }
        let passing = min(left, byteCount)
        let rest: Int? = left > byteCount ? left - byteCount : nil
        if direction == .toServer {
            self.toServer.byteCountUntilCut = rest
        } else {
            self.toClient.byteCountUntilCut = rest
        }
        return (passing, left <= byteCount)
    }
}

/// One direction of one connection: reads from its own channel and writes to the other.
final class ProxyHalf: ChannelInboundHandler, @unchecked Sendable {
    // @unchecked: used on the proxy's loop only.
    typealias InboundIn = ByteBuffer

    let direction: TCPProxy.Direction
    private let links: LoopBoundLinks
    private let sink: any Channel
    private var context: ChannelHandlerContext?
    /// When the bytes read last are due: later ones must not overtake them.
    private var lastDue: NIODeadline = .uptimeNanoseconds(0)
    private var wantsRead = false

    init(_ direction: TCPProxy.Direction, links: LoopBoundLinks, sink: any Channel) {
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
        if self.wantsRead { self.readMore() }
    }

    func close(withReset: Bool) {
        guard let channel = self.context?.channel else { return }
        if withReset { channel.closeWithReset() } else { channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.links.rules(for: self.direction).isSwallowing else { return }
        var bytes = self.unwrapInboundIn(data)
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

    private func afterDelay(_ action: @escaping (ProxyHalf) -> Void) {
        let now = NIODeadline.now()
        let due = max(self.lastDue, now + self.links.rules(for: self.direction).delay)
        self.lastDue = due
        guard due > now, let loop = self.context?.eventLoop else { return action(self) }
        loop.assumeIsolated().scheduleTask(deadline: due) { action(self) }
    }
}
