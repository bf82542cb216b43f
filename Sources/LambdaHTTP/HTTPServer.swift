import Glibc
package import Logging
package import NIOCore
import NIOHTTP1
import NIOPosix
package import NIOSSL

/// A listening socket and its connections.
// @unchecked: every member is used on `eventLoop` only (asserted).
package final class HTTPServer: @unchecked Sendable {
    /// The loop of the listener and of all its connections.
    package let eventLoop: any EventLoop
    let configuration: HTTPServerConfiguration
    let logger: Logger
    let handler: (HTTPExchange) -> Void
    /// Responses are written into this one buffer: it is free again as soon as the socket has taken them.
    var scratch = ByteBuffer()
    var ticks: HTTPServerTicks
    /// The certificate and key of the connections to come; `nil`: they are plain HTTP. May be exchanged at any time.
    package var tlsContext: NIOSSLContext?
    /// `nil` where nobody asks.
    var responseCounts: HTTPResponseCounts?
    var bodyMemory: BodyMemory
    private var date = HTTPDate()

    private var listener: (any Channel)?
    private var connections: [ObjectIdentifier: HTTPConnectionHandler] = [:]
    private var isShuttingDown = false
    private var isTicking = false
    private var allClosed: EventLoopPromise<Void>?

    /// ``bind(host:port:configuration:tlsContext:eventLoop:logger:handler:)`` makes one that listens.
    init(
        configuration: HTTPServerConfiguration, tlsContext: NIOSSLContext? = nil, eventLoop: any EventLoop, logger: Logger,
        handler: @escaping (HTTPExchange) -> Void
    ) {
        self.configuration = configuration
        self.tlsContext = tlsContext
        self.eventLoop = eventLoop
        self.logger = logger
        self.handler = handler
        self.ticks = HTTPServerTicks(configuration)
        self.bodyMemory = BodyMemory(limit: configuration.maxBodyMemory)
        self.responseCounts = configuration.countsResponses ? HTTPResponseCounts() : nil
    }

    /// What it has done so far; responses only where the configuration has them counted.
    package var statistics: HTTPServerStatistics {
        self.eventLoop.assertInEventLoop()
        return HTTPServerStatistics(
            connectionCount: self.connections.count, responses: self.responseCounts?.byStatus ?? [:])
    }

    /// Starts to listen. Call on `eventLoop`.
    ///
    /// - Parameters:
    ///   - host: An IPv4 or IPv6 address, or a name.
    ///   - port: The port; 0 for any.
    ///   - configuration: The limits.
    ///   - tlsContext: For HTTPS.
    ///   - eventLoop: Where everything happens.
    ///   - logger: For what goes wrong outside of an exchange.
    ///   - handler: Called with each request, as soon as its head is there.
    /// - Returns: The server, or the error of resolving, binding or listening.
    package static func bind(
        host: String, port: Int, configuration: HTTPServerConfiguration, tlsContext: NIOSSLContext? = nil,
        eventLoop: any EventLoop, logger: Logger, handler: @escaping (HTTPExchange) -> Void
    ) -> EventLoopFuture<HTTPServer> {
        eventLoop.assertInEventLoop()
        let server = HTTPServer(
            configuration: configuration, tlsContext: tlsContext, eventLoop: eventLoop, logger: logger,
            handler: handler)
        let bootstrap = ServerBootstrap(group: eventLoop)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.socketOption(.init(rawValue: SO_REUSEPORT)), value: configuration.sharesPort ? 1 : 0)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.recvAllocator, value: configuration.readBuffers)
            .childChannelOption(.allowRemoteHalfClosure, value: configuration.allowsHalfClosure)
            .childChannelInitializer { channel in server.accept(channel) }
        // An address needs no resolver, which a static binary would have to find in the image that it runs in.
        let bound = (try? SocketAddress(ipAddress: host, port: port)).map { bootstrap.bind(to: $0) }
        return (bound ?? bootstrap.bind(host: host, port: port)).map { channel in
            server.listener = channel
            return server
        }
    }

    /// The address that the server listens on, with the true port.
    package var localAddress: SocketAddress? { self.listener?.localAddress }

    /// The number of open connections.
    package var connectionCount: Int { self.connections.count }

    /// Stops accepting, lets exchanges that run come to their end (their responses say `connection: close`), and closes
    /// idle connections.
    ///
    /// - Parameter grace: After this time everything is closed, whatever runs.
    /// - Returns: Completes when no connection is left.
    package func shutdown(grace: TimeAmount) -> EventLoopFuture<Void> {
        self.eventLoop.assertInEventLoop()
        self.isShuttingDown = true
        let closed = self.whenAllClosed()
        for connection in Array(self.connections.values) { connection.shutDown() }
        let timer = self.eventLoop.scheduleTask(in: grace) { self.closeConnections() }
        closed.whenComplete { _ in timer.cancel() }
        return self.closeListener().flatMap { closed }
    }

    /// Closes the listener and every connection now.
    ///
    /// - Returns: Completes when no connection is left.
    package func close() -> EventLoopFuture<Void> {
        self.eventLoop.assertInEventLoop()
        self.isShuttingDown = true
        let closed = self.whenAllClosed()
        self.closeConnections()
        return self.closeListener().flatMap { closed }
    }

    private func closeConnections() {
        for connection in Array(self.connections.values) { connection.closeNow() }
    }

    private func closeListener() -> EventLoopFuture<Void> {
        guard let listener = self.listener else { return self.eventLoop.makeSucceededVoidFuture() }
        listener.close(promise: nil)
        return listener.closeFuture
    }

    private func whenAllClosed() -> EventLoopFuture<Void> {
        if let allClosed = self.allClosed { return allClosed.futureResult }
        let promise = self.eventLoop.makePromise(of: Void.self)
        self.allClosed = promise
        if self.connections.isEmpty { promise.succeed() }
        return promise.futureResult
    }

    // MARK: Connections

    func accept(_ channel: any Channel) -> EventLoopFuture<Void> {
        if self.isShuttingDown || self.connections.count >= self.configuration.maxConnections ?? .max {
            self.logger.debug("connection refused", metadata: ["connections": "\(self.connections.count)"])
            return self.eventLoop.makeFailedFuture(ChannelError.inappropriateOperationForState)
        }
        let connection = HTTPConnectionHandler(
            server: self, eventLoop: self.eventLoop, isSecure: self.tlsContext != nil)
        self.connections[ObjectIdentifier(connection)] = connection
        // Not every way out of a set-up passes through `channelInactive`.
        channel.closeFuture.whenComplete { _ in self.connectionClosed(connection) }
        self.startTicking()
        return self.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            if let context = self.tlsContext { try self.addTLS(context, to: pipeline) }
            try pipeline.addHandler(connection)
        }
    }

    private func addTLS(_ context: NIOSSLContext, to pipeline: ChannelPipeline.SynchronousOperations) throws {
        try pipeline.addHandler(PlainHTTPDetector())
        try pipeline.addHandler(NIOSSLServerHandler(context: context))
        if let limit = self.configuration.headTimeout { try pipeline.addHandler(TLSHandshakeTimeout(limit)) }
    }

    func connectionClosed(_ connection: HTTPConnectionHandler) {
        guard self.connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        if self.connections.isEmpty { self.allClosed?.succeed() }
    }

    func dateText() -> String? {
        self.configuration.sendsDate ? self.date.now() : nil
    }

    // MARK: Time

    /// The clock stands still while there is no connection.
    private func startTicking() {
        guard let interval = self.ticks.interval, !self.isTicking else { return }
        self.isTicking = true
        self.eventLoop.assumeIsolated().scheduleTask(in: interval) {
            self.isTicking = false
            self.tick()
        }
    }

    private func tick() {
        let now = self.ticks.advance()
        for connection in Array(self.connections.values) { connection.ticked(now) }
        if !self.connections.isEmpty { self.startTicking() }
    }
}
