import AMQP
import LambdaHTTP
import LambdaInvokeAPI
import LambdaMetrics
import LambdaProtocol
import LambdaSignature
import Logging
import NIOCore
import NIOSSL

/// What a gateway has on each of its event loops: a listener, a connection to the broker, a reply queue. An invocation
/// never leaves its loop.
// @unchecked: every member is used on `eventLoop` only (asserted).
final class GatewayWorker: @unchecked Sendable {
    let eventLoop: any EventLoop
    /// Which of the gateway's loops this is, from 0.
    private let number: Int
    private let configuration: GatewayConfiguration
    private let logger: Logger
    let connection: AMQPConnection
    private let invoker: BrokerInvoker
    /// What counts in front of the invoker; `nil` where nobody asks for metrics.
    private let meter: MeteredInvoker?
    private let api: InvokeAPI
    private let urls: FunctionURLAPI?
    private let authorizer: SignatureAuthorizer?
    private var tlsContext: NIOSSLContext?
    private var server: HTTPServer?
    private var isDraining = false

    /// - Throws: `invalidConfiguration` for what cannot be a broker's.
    init(
        number: Int, configuration: GatewayConfiguration, eventLoop: any EventLoop, logger: Logger
    ) throws(AMQPError) {
        self.number = number
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.logger = logger
        self.connection = try AMQPConnection(configuration: configuration.broker, eventLoop: eventLoop, logger: logger)
        self.invoker = BrokerInvoker(connection: self.connection, configuration: configuration)
        self.meter = configuration.metrics == nil ? nil : MeteredInvoker(self.invoker)
        let front: any FunctionInvoker & EventAcceptor = self.meter ?? self.invoker
        let authorizer = configuration.accessKeys.map {
            SignatureAuthorizer(keys: $0, region: configuration.signatureRegion, eventLoop: eventLoop)
        }
        self.authorizer = authorizer
        self.tlsContext = configuration.tlsContext
        self.api = InvokeAPI(
            invoker: front, events: front, configuration: configuration.api, authorizer: authorizer, logger: logger)
        self.urls = configuration.urls.map {
            FunctionURLAPI(invoker: front, configuration: $0, authorizer: authorizer)
        }
    }

    /// Opens the listener.
    ///
    /// - Parameters:
    ///   - port: The port; 0 for any.
    ///   - sharesPort: Whether other workers have it, too.
    ///   - catalog: Who knows the functions that have announced themselves.
    ///   - readiness: Asks the whole gateway.
    func listen(
        port: Int, sharesPort: Bool, catalog: any FunctionCatalog, readiness: @escaping () -> EventLoopFuture<String?>
    ) -> EventLoopFuture<SocketAddress?> {
        self.eventLoop.assertInEventLoop()
        let invoker = self.invoker
        let functions = FunctionsAPI(
            catalog: catalog, limits: self.configuration.api.limits, authorizer: self.authorizer
        ) { invoker.arn($0) }
        return HTTPServer.bind(
            host: self.configuration.host, port: port, configuration: self.httpConfiguration(sharesPort),
            tlsContext: self.tlsContext, eventLoop: self.eventLoop, logger: self.logger,
            handler: { exchange in self.handle(exchange, functions, readiness) }
        ).map { server in
            server.tlsContext = self.tlsContext
            self.server = server
            return server.localAddress
        }
    }

    /// A domain belongs to its functions altogether. Elsewhere the gateway's own paths come first, so that a function at
    /// `/` takes none of them away.
    private func handle(
        _ exchange: HTTPExchange, _ functions: FunctionsAPI, _ readiness: () -> EventLoopFuture<String?>
    ) {
        if let urls = self.urls, urls.serveDomain(exchange) { return }
        switch HealthAPI.route(exchange.path) {
        case nil:
            if functions.handle(exchange) { return }
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
        configuration.maxBodyMemory = self.configuration.maxBodyMemory
        configuration.bodyTimeout = self.configuration.clientTimeout
        configuration.writeTimeout = self.configuration.clientTimeout
        configuration.headTimeout = min(configuration.headTimeout ?? .seconds(10), self.configuration.clientTimeout)
        configuration.sharesPort = sharesPort
        configuration.countsResponses = self.meter != nil
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

    /// What this loop has to say at `/metrics`.
    var status: GatewayLoopStatus {
        self.eventLoop.assertInEventLoop()
        return GatewayLoopStatus(
            counts: self.meter?.counts ?? GatewayCounts(), waitingCount: self.invoker.waitingCount,
            droppedReplyCount: self.invoker.droppedReplyCount, broker: BrokerStatus("\(self.number)", self.connection),
            http: self.server?.statistics ?? HTTPServerStatistics())
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
