import LambdaHTTP
package import Logging
package import NIOCore
import NIOHTTP1

/// Serves a program's metrics at `/metrics`, on a port of its own.
// @unchecked: every member is used on `eventLoop` only (asserted).
package final class MetricsServer: @unchecked Sendable {
    /// Where the port is to be opened.
    package struct Address: Sendable, Equatable {
        package var host: String
        /// 0 for any.
        package var port: Int

        package init(host: String, port: Int) {
            self.host = host
            self.port = port
        }
    }

    private let eventLoop: any EventLoop
    private let collect: () -> EventLoopFuture<ByteBuffer>
    /// A collection that is under way: who asks meanwhile gets the same.
    private var collection: EventLoopFuture<ByteBuffer>?
    private var server: HTTPServer?

    private init(eventLoop: any EventLoop, collect: @escaping () -> EventLoopFuture<ByteBuffer>) {
        self.eventLoop = eventLoop
        self.collect = collect
    }

    /// Opens the port. Call on `eventLoop`.
    ///
    /// - Parameters:
    ///   - address: Where.
    ///   - eventLoop: Where everything happens.
    ///   - logger: For what goes wrong outside of an exchange.
    ///   - collect: Makes the text of all metrics, on `eventLoop`.
    /// - Returns: The server; fails when the port is taken.
    package static func bind(
        _ address: Address, eventLoop: any EventLoop, logger: Logger,
        collect: @escaping () -> EventLoopFuture<ByteBuffer>
    ) -> EventLoopFuture<MetricsServer> {
        let server = MetricsServer(eventLoop: eventLoop, collect: collect)
        var configuration = HTTPServerConfiguration()
        // Whoever collects metrics is one or two programs.
        configuration.maxConnections = 100
        configuration.idleTimeout = .minutes(5)
        configuration.headTimeout = .seconds(10)
        configuration.bodyTimeout = .seconds(10)
        return HTTPServer.bind(
            host: address.host, port: address.port, configuration: configuration, eventLoop: eventLoop, logger: logger,
            handler: { server.handle($0) }
        ).map { http in
            server.server = http
            logger.info("Metrics are served", metadata: ["address": "\(http.localAddress.map { "\($0)" } ?? "-")"])
            return server
        }
    }

    /// Where it listens.
    package var localAddress: SocketAddress? { self.server?.localAddress }

    /// Closes the port.
    package func close() -> EventLoopFuture<Void> {
        self.eventLoop.assertInEventLoop()
        return self.server?.close() ?? self.eventLoop.makeSucceededVoidFuture()
    }

    private func handle(_ exchange: HTTPExchange) {
        guard exchange.path == "/metrics" else {
            return self.respond(exchange, .notFound, ByteBuffer(string: "There is only /metrics.\n"))
        }
        guard exchange.head.method == .GET || exchange.head.method == .HEAD else {
            return self.respond(exchange, .methodNotAllowed, ByteBuffer(string: "The method must be GET.\n"))
        }
        self.current().assumeIsolated().whenComplete { result in
            switch result {
            case .success(let text): self.respond(exchange, .ok, text, type: PrometheusText.contentType)
            case .failure(let error):
                self.respond(exchange, .internalServerError, ByteBuffer(string: "No metrics: \(error)\n"))
            }
        }
    }

    private func current() -> EventLoopFuture<ByteBuffer> {
        if let collection = self.collection { return collection }
        let collection = self.collect()
        self.collection = collection
        collection.assumeIsolated().whenComplete { _ in self.collection = nil }
        return collection
    }

    private func respond(
        _ exchange: HTTPExchange, _ status: HTTPResponseStatus, _ body: ByteBuffer,
        type: String = "text/plain; charset=utf-8"
    ) {
        var headers = [("Content-Type", type), ("Cache-Control", "no-store")]
        if status == .methodNotAllowed { headers.append(("Allow", "GET, HEAD")) }
        exchange.respond(status: status, headers: headers, body: body)
    }
}
