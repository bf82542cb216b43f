import AMQP
import LambdaHTTP
import LambdaInvokeAPI
import LambdaSignature
import Logging
import NIOCore
import NIOSSL

/// What a gateway has on each of its event loops: a listener, a connection to the broker, a reply queue. An invocation
/// never leaves its loop.
// @unchecked: every member is used on `eventLoop` only (asserted).
final class GatewayWorker: @unchecked Sendable {
    let eventLoop: any EventLoop
    private let configuration: GatewayConfiguration
    private let logger: Logger
    private let connection: AMQPConnection
    private let invoker: BrokerInvoker
    private let api: InvokeAPI
    private let urls: FunctionURLAPI?
    private let authorizer: SignatureAuthorizer?
    private var tlsContext: NIOSSLContext?
    private var server: HTTPServer?
    private var isDraining = false

    /// - Throws: `invalidConfiguration` for what cannot be a broker's.
    init(configuration: GatewayConfiguration, eventLoop: any EventLoop, logger: Logger) throws(AMQPError) {
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.logger = logger
        self.connection = try AMQPConnection(configuration: configuration.broker, eventLoop: eventLoop, logger: logger)
        self.invoker = BrokerInvoker(connection: self.connection, configuration: configuration)
        self.authorizer = configuration.accessKeys.map {
            SignatureAuthorizer(keys: $0, region: configuration.signatureRegion, eventLoop: eventLoop)
        }
        self.tlsContext = configuration.tlsContext
        self.api = InvokeAPI(
            invoker: self.invoker, events: self.invoker, configuration: configuration.api,
            authorizer: self.authorizer, logger: logger)
        let (invoker, authorizer) = (self.invoker, self.authorizer)
        self.urls = configuration.urls.map {
            FunctionURLAPI(invoker: invoker, configuration: $0, authorizer: authorizer)
        }
    }

    /// Opens the listener.
    ///
    /// - Parameters:
    ///   - port: The port; 0 for any.
    ///   - sharesPort: Whether other workers have it, too.
    ///   - readiness: Asks the whole gateway.
    func listen(
        port: Int, sharesPort: Bool, readiness: @escaping () -> EventLoopFuture<String?>
    ) -> EventLoopFuture<SocketAddress?> {
        self.eventLoop.assertInEventLoop()
        return HTTPServer.bind(
            host: self.configuration.host, port: port, configuration: self.httpConfiguration(sharesPort),
            tlsContext: self.tlsContext, eventLoop: self.eventLoop, logger: self.logger,
            handler: { exchange in self.handle(exchange, readiness) }
        ).map { server in
            server.tlsContext = self.tlsContext
            self.server = server
            return server.localAddress
        }
    }

    /// A domain belongs to its functions altogether. Elsewhere the gateway's own paths come first, so that a function at
    /// `/` takes none of them away.
    private func handle(_ exchange: HTTPExchange, _ readiness: () -> EventLoopFuture<String?>) {
        if let urls = self.urls, urls.serveDomain(exchange) { return }
        switch HealthAPI.route(exchange.path) {
        case nil:
            if let urls = self.urls, !InvokeAPI.owns(path: exchange.path), urls.servePath(exchange) { return }
            self.api.handle(exchange)
        case .health: HealthAPI.answer(exchange, unreadiness: nil)
        case .ready:
            readiness().hop(to: self.eventLoop).assumeIsolated().whenSuccess {
                HealthAPI.answer(exchange, unreadiness: $0)
            }
        }
    }

    private func httpConfiguration(_ sharesPort: Bool) -> HTTPServerConfiguration {
        var configuration = HTTPServerConfiguration.invokeAPI
        configuration.maxConnections = self.configuration.maxConnections
        configuration.bodyTimeout = self.configuration.clientTimeout
        configuration.writeTimeout = self.configuration.clientTimeout
        configuration.headTimeout = min(configuration.headTimeout ?? .seconds(10), self.configuration.clientTimeout)
        configuration.sharesPort = sharesPort
        return configuration
    }

    /// Exchanges the keys, for requests that are not proved yet.
    func replace(keys: AccessKeys) {
        self.authorizer?.replace(keys: keys)
    }

    /// Exchanges certificate and key, for connections to come.
    func replace(tlsContext: NIOSSLContext) {
        self.eventLoop.assertInEventLoop()
        self.tlsContext = tlsContext
        self.server?.tlsContext = tlsContext
    }

    /// Connects to the broker; fails when it cannot be reached in the attempts allowed.
    func connect() -> EventLoopFuture<Void> {
        self.eventLoop.assertInEventLoop()
        return self.invoker.start().flatMap { self.connection.start() }
    }

    /// What stands in the way of invocations.
    var unreadiness: String? {
        self.isDraining ? "the gateway is stopping" : self.invoker.unreadiness
    }

    /// Takes nothing new, answers what waits, and closes everything.
    func drain() -> EventLoopFuture<Void> {
        self.eventLoop.assertInEventLoop()
        self.isDraining = true
        let server = self.server?.shutdown(grace: .hours(24)) ?? self.eventLoop.makeSucceededVoidFuture()
        return server.flatMap { self.connection.shutdown() }
    }

    /// Closes the listener again, when another one could not be opened.
    func close() -> EventLoopFuture<Void> {
        self.eventLoop.assertInEventLoop()
        return self.server?.close() ?? self.eventLoop.makeSucceededVoidFuture()
    }
}
