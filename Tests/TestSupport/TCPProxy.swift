import NIOCore
import NIOPosix
import Synchronization

/// A TCP relay on a free port of 127.0.0.1 that can cut what it relays, refuse newcomers, and put bytes in between.
package final class TCPProxy: Sendable {
    private struct State {
        var pairs: [(client: any Channel, server: any Channel)] = []
        var isRefusing = false
    }

    private let state = Mutex(State())
    private let target: (host: String, port: Int)
    private let listener = Mutex<(any Channel)?>(nil)

    /// Starts relaying to a host and port.
    package init(to host: String, _ port: Int) async throws {
        self.target = (host, port)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { self.relay($0) }
            .bind(host: "127.0.0.1", port: 0).get()
        self.listener.withLock { $0 = channel }
    }

    /// Where it listens.
    package var port: Int { self.listener.withLock { $0?.localAddress?.port } ?? 0 }

    /// How many connections are relayed now.
    package var connectionCount: Int {
        self.state.withLock { state in state.pairs.count { $0.client.isActive } }
    }

    /// Closes every connection on both sides; with `refusing`, later ones are closed at once until ``accept()``.
    package func cut(refusing: Bool = false) {
        let pairs = self.state.withLock { state in
            defer { state.pairs = [] }
            state.isRefusing = refusing
            return state.pairs
        }
        for pair in pairs {
            pair.client.close(promise: nil)
            pair.server.close(promise: nil)
        }
    }

    /// Relays newcomers again.
    package func accept() { self.state.withLock { $0.isRefusing = false } }

    /// Sends bytes to the target on the newest connection, as though the client had.
    package func injectToServer(_ bytes: [UInt8]) async throws {
        guard let server = self.state.withLock({ $0.pairs.last?.server }) else { return }
        try await server.writeAndFlush(ByteBuffer(bytes: bytes)).get()
    }

    /// Ends everything.
    package func stop() async throws {
        self.cut(refusing: true)
        try await self.listener.withLock { $0 }?.close().get()
    }

    private func relay(_ client: any Channel) -> EventLoopFuture<Void> {
        if self.state.withLock({ $0.isRefusing }) {
            client.close(promise: nil)
            return client.eventLoop.makeSucceededVoidFuture()
        }
        return ClientBootstrap(group: client.eventLoop)
            .channelOption(.autoRead, value: false)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connect(host: self.target.host, port: self.target.port)
            .flatMap { server in
                client.pipeline.addHandler(Relay(to: server))
                    .and(server.pipeline.addHandler(Relay(to: client)))
                    .flatMap { _ in
                        self.state.withLock { $0.pairs.append((client, server)) }
                        return server.setOption(.autoRead, value: true)
                            .and(client.setOption(.autoRead, value: true)).map { _ in }
                    }
            }
    }

    private final class Relay: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        private let peer: any Channel

        init(to peer: any Channel) { self.peer = peer }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            self.peer.writeAndFlush(self.unwrapInboundIn(data), promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) { self.peer.close(promise: nil) }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
