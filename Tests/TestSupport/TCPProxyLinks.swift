import NIOCore
import NIOPosix

/// The connections of a ``TCPProxy`` and what is done to them.
final class TCPProxyLinks: @unchecked Sendable {
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
    private var halves: [ObjectIdentifier: TCPProxyHalf] = [:]
    /// The newest connection's socket to the server.
    private weak var newestServer: (any Channel)?
    /// Whether newcomers are closed at once.
    var isRefusing = false

    init(loop: any EventLoop) {
        self.loop = loop
    }

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

    func injectToServer(_ bytes: ByteBuffer) -> EventLoopFuture<Void> {
        self.loop.assertInEventLoop()
        return self.newestServer?.writeAndFlush(bytes) ?? self.loop.makeSucceededVoidFuture()
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
                    TCPProxyHalf(.toServer, links: self, sink: server),
                    TCPProxyHalf(.toClient, links: self, sink: client)
                )
                try client.pipeline.syncOperations.addHandler(up)
                try server.pipeline.syncOperations.addHandler(down)
                self.halves[ObjectIdentifier(up)] = up
                self.halves[ObjectIdentifier(down)] = down
                self.newestServer = server
                down.start()
            }
            .flatMapError { error in client.close().flatMapThrowing { throw error } }
    }

    func ended(_ half: TCPProxyHalf) {
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
