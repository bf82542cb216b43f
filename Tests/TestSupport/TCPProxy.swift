package import NIOCore
import NIOPosix
import Synchronization

/// Stands between a client and a broker, and breaks the connection in the ways that networks do.
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
    private let links: LoopBoundLinks

    /// Starts a proxy on a free port of 127.0.0.1.
    ///
    /// - Parameters:
    ///   - host: The server that connections go on to.
    ///   - port: Its port.
    ///   - loop: The loop that everything runs on; one of NIO's own unless given.
    /// - Returns: The proxy, listening.
    /// - Throws: What the system says when it cannot listen.
    package static func start(
        toHost host: String = "127.0.0.1", port: Int,
        on loop: (any EventLoop)? = nil
    ) async throws -> TCPProxy {
        let loop = loop ?? MultiThreadedEventLoopGroup.singleton.next()
        let links = LoopBoundLinks(loop: loop)
        let server = try await ServerBootstrap(group: loop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { client in links.accept(client, host: host, port: port) }
            .bind(host: "127.0.0.1", port: 0).get()
        return TCPProxy(server: server, loop: loop, links: links)
    }

    private init(server: any Channel, loop: any EventLoop, links: LoopBoundLinks) {
        self.server = server
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

    /// Closes every connection, on both sides; new ones are taken.
    ///
    /// - Parameter withReset: Whether with a TCP reset, as after a crash, or in the ordinary way.
    /// - Throws: What the loop says when it has ended.
    package func cut(withReset: Bool = false) async throws {
        try await self.onLoop { $0.closeAll(withReset: withReset) }
    }

    /// Whether new connections are closed at once.
    package func refuse(_ isRefusing: Bool) async throws {
        try await self.onLoop { $0.isRefusing = isRefusing }
    }

    /// Stops reading what is sent in a direction, or goes on: the sender's buffers fill up.
    package func stall(_ directions: [Direction] = Direction.allCases, _ isStalled: Bool) async throws {
        try await self.onLoop { links in
            for direction in directions { links.change(direction) { $0.isStalled = isStalled } }
        }
    }

    /// Takes what is sent in a direction and forgets it, as a network that drops every packet; what was dropped stays
    /// lost.
    package func blackHole(_ directions: [Direction] = Direction.allCases, _ isSwallowing: Bool) async throws {
        try await self.onLoop { links in
            for direction in directions { links.change(direction) { $0.isSwallowing = isSwallowing } }
        }
    }

    /// Delivers what is sent in a direction from now on so much later.
    package func delay(_ directions: [Direction] = Direction.allCases, by amount: TimeAmount) async throws {
        try await self.onLoop { links in
            for direction in directions { links.change(direction) { $0.delay = amount } }
        }
    }

    /// Cuts each connection once so many further bytes have passed in a direction: in the middle of a frame, as a rule.
    package func cut(afterByteCount byteCount: Int, _ direction: Direction) async throws {
        try await self.onLoop { $0.change(direction) { $0.byteCountUntilCut = byteCount } }
    }

    /// How many connections are open.
    package func connectionCount() async throws -> Int {
        try await self.onLoop { $0.count }
    }

    private func onLoop<Result: Sendable>(
        _ body: @escaping @Sendable (LoopBoundLinks) -> Result
    ) async throws -> Result {
        let links = self.links
        return try await self.loop.submit { body(links) }.get()
    }
}
