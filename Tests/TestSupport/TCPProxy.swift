package import NIOCore
import NIOPosix

/// A TCP relay on a free port of this machine that breaks connections in the ways that networks do.
package final class TCPProxy: Sendable {
    /// Which way bytes go.
    package enum Direction: Sendable, CaseIterable {
        /// What the client sends.
        case toServer
        /// What the server sends.
        case toClient
    }

    private let server: any Channel
    private let loop: any EventLoop
    private let links: TCPProxyLinks

    /// Starts relaying to a host and port.
    ///
    /// - Throws: What the system says when it cannot listen.
    package init(to host: String, _ port: Int, listeningOn address: String = "127.0.0.1") async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let links = TCPProxyLinks(loop: loop)
        self.server = try await ServerBootstrap(group: loop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { client in links.accept(client, host: host, port: port) }
            .bind(host: address, port: 0).get()
        self.loop = loop
        self.links = links
    }

    deinit {
        self.server.close(promise: nil)
        let links = self.links
        self.loop.execute { links.closeAll(withReset: false) }
    }

    /// The port that it listens on.
    package var port: Int { self.server.localAddress?.port ?? 0 }

    /// Closes every connection on both sides, as soon as the loop comes to it.
    ///
    /// - Parameters:
    ///   - refusing: Whether later ones are closed at once until ``accept()``.
    ///   - withReset: Whether with a TCP reset, as after a crash, or in the ordinary way.
    package func cut(refusing: Bool = false, withReset: Bool = false) {
        let links = self.links
        self.loop.execute {
            links.isRefusing = refusing
            links.closeAll(withReset: withReset)
        }
    }

    /// Relays newcomers again.
    package func accept() {
        let links = self.links
        self.loop.execute { links.isRefusing = false }
    }

    /// Cuts the connection once so many further bytes have passed in a direction: in the middle of a frame, as a rule.
    package func cut(afterByteCount byteCount: Int, _ direction: Direction) async throws {
        try await self.change([direction]) { $0.byteCountUntilCut = byteCount }
    }

    /// Whether what ``cut(afterByteCount:_:)`` waits for has not come yet.
    package func isCutPending(_ direction: Direction) async throws -> Bool {
        let links = self.links
        return try await self.loop.submit { links.rules(for: direction).byteCountUntilCut != nil }.get()
    }

    /// Stops reading what is sent in a direction, or goes on: the sender's buffers fill up.
    package func stall(_ isStalled: Bool, _ directions: [Direction] = Direction.allCases) async throws {
        try await self.change(directions) { $0.isStalled = isStalled }
    }

    /// Takes what is sent in a direction and forgets it, as a network that drops every packet.
    ///
    /// What was dropped stays lost when it ends.
    package func blackHole(_ isSwallowing: Bool, _ directions: [Direction] = Direction.allCases) async throws {
        try await self.change(directions) { $0.isSwallowing = isSwallowing }
    }

    /// Delivers what is sent in a direction from now on so much later.
    package func delay(by amount: TimeAmount, _ directions: [Direction] = Direction.allCases) async throws {
        try await self.change(directions) { $0.delay = amount }
    }

    /// Sends bytes to the target on the newest connection, as though the client had.
    package func injectToServer(_ bytes: [UInt8]) async throws {
        let links = self.links
        try await self.loop.flatSubmit { links.injectToServer(ByteBuffer(bytes: bytes)) }.get()
    }

    /// Ends everything.
    package func stop() async throws {
        self.cut(refusing: true)
        try await self.server.close().get()
    }

    private func change(
        _ directions: [Direction], _ change: @escaping @Sendable (inout TCPProxyLinks.Rules) -> Void
    ) async throws {
        let links = self.links
        try await self.loop.submit {
            for direction in directions { links.change(direction, change) }
        }.get()
    }
}
