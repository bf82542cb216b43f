package import AMQP
import LambdaHTTP
package import LambdaSignature
package import Logging
package import NIOCore
package import NIOSSL

/// The gateway: the Invoke API over HTTP for every function that RabbitMQ leads to.
///
/// It keeps nothing: any number of gateways may stand side by side. So may its event loops, which share a port and
/// nothing else.
package final class Gateway: Sendable {
    private let configuration: GatewayConfiguration
    private let first: GatewayWorker
    /// All of them, the first too.
    private let workers: [GatewayWorker]
    /// Listens to announcements on the first loop's connection, for all loops.
    private let watcher: FunctionWatcher
    /// On the first loop; `nil` where nobody asks.
    private let metrics: GatewayMetrics?
    private let logger: Logger

    /// - Parameters:
    ///   - configuration: What it is told.
    ///   - eventLoops: Its loops, one at least.
    ///   - logger: For what goes on.
    /// - Throws: `invalidConfiguration`, which names the setting, or says that there are no loops.
    package init(
        configuration: GatewayConfiguration, eventLoops: [any EventLoop], logger: Logger
    ) throws(AMQPError) {
        var workers: [GatewayWorker] = []
        for (number, eventLoop) in eventLoops.enumerated() {
            workers.append(
                try GatewayWorker(number: number, configuration: configuration, eventLoop: eventLoop, logger: logger))
        }
        guard let first = workers.first else {
            throw AMQPError(.invalidConfiguration, "a gateway needs an event loop at least")
        }
        self.configuration = configuration
        self.first = first
        self.workers = workers
        self.watcher = FunctionWatcher(connection: first.connection, logger: logger)
        self.metrics = configuration.metrics.map { [watcher] _ in
            GatewayMetrics(connection: first.connection, workers: workers, watcher: watcher)
        }
        self.logger = logger
    }

    /// Opens the listeners.
    ///
    /// - Returns: Where they listen; fails when the port is taken.
    package func listen() -> EventLoopFuture<SocketAddress?> {
        let first = self.first
        let alone = self.listen(first, port: self.configuration.port, sharesPort: false)
        guard self.workers.count > 1 else { return alone }
        // A port that is shared is never "in use" for the same user: so it is asked for alone first.
        return alone
            .flatMap { address in first.eventLoop.flatSubmit { first.close() }.map { address } }
            .flatMap { address in
                let port = address?.port ?? self.configuration.port
                let listeners = self.workers.map { self.listen($0, port: port, sharesPort: true) }
                return EventLoopFuture.whenAllSucceed(listeners, on: first.eventLoop).map { _ in address }
            }
    }

    private func listen(_ worker: GatewayWorker, port: Int, sharesPort: Bool) -> EventLoopFuture<SocketAddress?> {
        worker.eventLoop.flatSubmit {
            worker.listen(port: port, sharesPort: sharesPort, catalog: self.watcher) {
                self.unreadiness(on: worker.eventLoop)
            }
        }
    }

    /// Opens the port for metrics, where there is to be one.
    ///
    /// - Returns: Fails when the port is taken.
    package func serveMetrics() -> EventLoopFuture<Void> {
        guard let metrics = self.metrics, let address = self.configuration.metrics else {
            return self.first.eventLoop.makeSucceededVoidFuture()
        }
        return self.first.eventLoop.flatSubmit { metrics.serve(at: address, logger: self.logger) }
    }

    /// Connects every loop to the broker.
    ///
    /// - Returns: Fails when the broker cannot be reached in the attempts allowed.
    package func connect() -> EventLoopFuture<Void> {
        self.first.eventLoop.flatSubmit { self.watcher.start() }.flatMap { self.each { $0.connect() } }
    }

    /// Takes nothing new, answers what waits, and closes everything.
    package func drain() -> EventLoopFuture<Void> {
        let drained = self.each { $0.drain() }
        guard let metrics = self.metrics else { return drained }
        // To the end it can be seen what is still going on.
        return drained.flatMap { self.first.eventLoop.flatSubmit { metrics.close() } }
    }

    /// Exchanges the keys that requests have to be signed with, where that is asked for at all.
    package func replace(keys: AccessKeys) {
        for worker in self.workers { worker.eventLoop.execute { worker.replace(keys: keys) } }
    }

    /// Exchanges certificate and key of the listeners. Connections that are open keep theirs.
    package func replace(tlsContext: NIOSSLContext) {
        for worker in self.workers { worker.eventLoop.execute { worker.replace(tlsContext: tlsContext) } }
    }

    /// The first thing that stands in the way of invocations, on any loop.
    private func unreadiness(on eventLoop: any EventLoop) -> EventLoopFuture<String?> {
        let answers = self.workers.map { worker in worker.eventLoop.submit { worker.unreadiness } }
        return EventLoopFuture.whenAllSucceed(answers, on: eventLoop).map { $0.lazy.compactMap { $0 }.first }
    }

    private func each(_ body: @escaping @Sendable (GatewayWorker) -> EventLoopFuture<Void>) -> EventLoopFuture<Void> {
        let all = self.workers.map { worker in worker.eventLoop.flatSubmit { body(worker) } }
        return EventLoopFuture.andAllSucceed(all, on: self.first.eventLoop)
    }
}
