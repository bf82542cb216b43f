import LambdaHTTP
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A server on a free port, with its own loop.
struct TestServer: Sendable {
    let group: MultiThreadedEventLoopGroup
    let server: HTTPServer
    let address: SocketAddress

    func connect(sending greeting: String = "") async throws -> RawClient {
        try await RawClient.connect(to: self.address, group: self.group, sending: greeting)
    }

    /// Sends a request on its own connection, and returns all that comes until the server closes.
    func exchange(_ request: String) async throws -> String {
        let client = try await self.connect()
        try await client.send(request)
        return try await client.receivedAll()
    }
}

func withServer(
    _ configuration: HTTPServerConfiguration = HTTPServerConfiguration(), tlsContext: NIOSSLContext? = nil,
    handler: @escaping @Sendable (HTTPExchange) -> Void,
    _ body: (TestServer) async throws -> Void
) async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop = group.next()
    let server = try await loop.flatSubmit {
        HTTPServer.bind(
            host: "127.0.0.1", port: 0, configuration: configuration, tlsContext: tlsContext, eventLoop: loop,
            logger: Logger(label: "test"), handler: handler)
    }.get()
    guard let address = try await loop.submit({ server.localAddress }).get() else {
        preconditionFailure("the server has no address")
    }
    let result: Result<Void, any Error>
    do {
        try await body(TestServer(group: group, server: server, address: address))
        result = .success(())
    } catch {
        result = .failure(error)
    }
    try await loop.flatSubmit { server.close() }.get()
    try await group.shutdownGracefully()
    try result.get()
}

/// Answers with method, path and body.
@Sendable func echo(_ exchange: HTTPExchange) {
    exchange.collectBody(upTo: 8 * 1024 * 1024) { result in
        switch result {
        case .success(let body):
            var answer = ByteBuffer(string: "\(exchange.head.method) \(exchange.path) \(exchange.query ?? "-")|")
            answer.writeImmutableBuffer(body.bytes)
            for (name, value) in body.trailers ?? [:] { answer.writeString("|\(name)=\(value)") }
            exchange.respond(status: .ok, headers: [("x-test", "yes")], body: answer)
        case .failure(let error):
            exchange.respond(status: .badRequest, headers: [], body: ByteBuffer(string: "\(error)"))
        }
    }
}
