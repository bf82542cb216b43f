import Logging
import NIOCore
import NIOPosix
import NIOSSL

/// Opens links: resolves, connects, TLS, handshake, within `connectionTimeout`.
struct AMQPConnector: Sendable {
    let configuration: AMQPConfiguration
    let eventLoop: any EventLoop
    let logger: Logger
    /// Made once: reading and checking certificates takes time.
    private let tlsContext: NIOSSLContext?
    /// `TCP_USER_TIMEOUT` of linux/tcp.h, in milliseconds; NIO has no name for it.
    private static let tcpUserTimeout = NIOBSDSocket.Option(rawValue: 18)

    /// - Throws: `invalidConfiguration` that names the setting.
    init(configuration: AMQPConfiguration, eventLoop: any EventLoop, logger: Logger) throws(AMQPError) {
        try configuration.validate()
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.logger = logger
        self.tlsContext = try configuration.tls?.makeContext()
    }

    /// Opens a link to the first endpoint that lets us in.
    ///
    /// - Parameter opening: Called on the loop with each link before it is opened, so that it can be aborted; returns
    ///   `false` where no link is wanted any more.
    func connectToAny(_ opening: @escaping @Sendable (AMQPLink) -> Bool) -> EventLoopFuture<AMQPLink> {
        self.connect(remaining: self.configuration.endpoints[...], lastError: nil, opening)
    }

    private func connect(
        remaining: ArraySlice<AMQPEndpoint>, lastError: AMQPError?, _ opening: @escaping @Sendable (AMQPLink) -> Bool
    ) -> EventLoopFuture<AMQPLink> {
        guard let endpoint = remaining.first else {
            return self.eventLoop.makeFailedFuture(
                lastError ?? AMQPError(.invalidConfiguration, "no host to connect to"))
        }
        let link = self.makeLink()
        guard opening(link) else {
            return self.eventLoop.makeFailedFuture(AMQPError(.connectionClosed, "the connection was closed"))
        }
        return self.open(link, to: endpoint).flatMapError { error in
            // What another attempt cannot mend says more than a host that does not answer.
            let error = lastError.flatMap { $0.isTransient ? nil : $0 } ?? .from(error, connectingTo: endpoint)
            return self.connect(remaining: remaining.dropFirst(), lastError: error, opening)
        }
    }

    private func open(_ link: AMQPLink, to endpoint: AMQPEndpoint) -> EventLoopFuture<AMQPLink> {
        let timeout = TimeAmount(self.configuration.connectionTimeout)
        let timer = self.eventLoop.assumeIsolated().scheduleTask(in: timeout) {
            link.abort(
                AMQPError(
                    .connectionFailed,
                    "connecting to \(endpoint): no answer within \(self.configuration.connectionTimeout)"))
        }
        let connected = self.bootstrap(link, endpoint, timeout).connect(host: endpoint.host, port: endpoint.port)
        connected.assumeIsolated().whenFailure { link.abort(.from($0, connectingTo: endpoint)) }
        // A connection that comes after the time is up finds its link closed.
        connected.assumeIsolated().whenSuccess { channel in
            if link.closedError != nil { channel.close(promise: nil) }
        }
        link.opened.whenComplete { _ in timer.cancel() }
        return link.opened.map { link }.flatMapErrorThrowing { throw AMQPError.from($0, connectingTo: endpoint) }
    }

    private func makeLink() -> AMQPLink {
        let configuration = self.configuration
        let handshake = HandshakeStateMachine(
            .init(
                mechanisms: configuration.authMechanisms, username: configuration.username,
                password: configuration.password, virtualHost: configuration.virtualHost,
                connectionName: configuration.connectionName,
                channelMax: UInt16(clamping: configuration.channelMax),
                frameMax: UInt32(clamping: configuration.frameMax), heartbeat: configuration.heartbeatSeconds))
        return AMQPLink(
            handshake: handshake, eventLoop: self.eventLoop, logger: self.logger,
            maxFrameByteCount: configuration.frameMax == 0 ? 131_072 : configuration.frameMax,
            maxBodyByteCount: configuration.maxMessageByteCount, outboundLimit: configuration.outboundBufferLimit)
    }

    private func bootstrap(_ link: AMQPLink, _ endpoint: AMQPEndpoint, _ timeout: TimeAmount) -> ClientBootstrap {
        let limit = self.configuration.outboundBufferLimit
        var bootstrap = ClientBootstrap(group: self.eventLoop)
            .connectTimeout(timeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.writeBufferWaterMark, value: .init(low: max(1, limit / 2), high: max(2, limit)))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let handler = try self.tlsHandler(for: endpoint) {
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                    if let handler = self.nameHandler(for: endpoint) {
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                    try channel.pipeline.syncOperations.addHandler(link)
                }
            }
        if self.configuration.heartbeatSeconds == 0 {
            // Without heartbeats the kernel has to notice a peer that is gone: unacknowledged data after a minute.
            bootstrap = bootstrap.channelOption(
                ChannelOptions.Types.SocketOption(level: .tcp, name: Self.tcpUserTimeout), value: 60_000)
        }
        return bootstrap
    }

    private func nameHandler(for endpoint: AMQPEndpoint) -> BrokerNameHandler? {
        guard let tls = self.configuration.tls, case .peer = tls.verify else { return nil }
        return tls.serverHostname(for: endpoint).map { BrokerNameHandler(name: $0) }
    }

    private func tlsHandler(for endpoint: AMQPEndpoint) throws -> NIOSSLClientHandler? {
        guard let tlsContext, let tls = self.configuration.tls else { return nil }
        return try NIOSSLClientHandler(context: tlsContext, serverHostname: tls.serverHostname(for: endpoint))
    }
}

extension AMQPError {
    /// The error of a handshake that an error of the socket or of TLS ended; `nil` where the socket just closed.
    static func handshakeFailed(_ error: (any Error)?) -> AMQPError? {
        switch error {
        case nil: nil
        case let error as AMQPError: error
        case let error? where error is NIOSSLError || error is BoringSSLError || error is NIOSSLExtraError:
            AMQPError(.tlsFailed, "TLS: \(error)", underlying: error)
        case let error?: AMQPError(.connectionFailed, "\(error)", underlying: error)
        }
    }

    /// Any error of connecting, as ours.
    static func from(_ error: any Error, connectingTo endpoint: AMQPEndpoint) -> AMQPError {
        if let error = error as? AMQPError { return error.naming(endpoint) }
        if error is NIOConnectionError || error is ChannelError || error is IOError {
            return AMQPError(
                .connectionFailed, "connecting to \(endpoint): \(Self.reason(error))", underlying: error)
        }
        return (Self.handshakeFailed(error) ?? AMQPError(.connectionFailed, "\(error)")).naming(endpoint)
    }

    private func naming(_ endpoint: AMQPEndpoint) -> AMQPError {
        if self.message.contains(endpoint.description) { return self }
        return AMQPError(
            self.code, "\(endpoint): \(self.message)", replyCode: self.replyCode,
            isServerInitiated: self.isServerInitiated, isTransient: self.isTransient,
            mayHaveExecuted: self.mayHaveExecuted, underlying: self.underlying)
    }

    /// NIO's error for several addresses, as one line.
    private static func reason(_ error: any Error) -> String {
        guard let error = error as? NIOConnectionError else { return "\(error)" }
        if let failure = error.connectionErrors.first { return "\(failure.error)" }
        if error.dnsAError != nil || error.dnsAAAAError != nil { return "the name \(error.host) does not resolve" }
        return "no address to connect to"
    }
}

extension TimeAmount {
    /// A duration of at most a year: a deadline further away than NIO's clock counts would trap.
    init(_ duration: Duration) {
        let (seconds, attoseconds) = min(max(duration, .zero), .seconds(365 * 24 * 3600)).components
        self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
