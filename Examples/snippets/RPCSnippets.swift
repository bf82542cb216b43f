import AMQP
import AMQPRPC
import Logging
import NIOCore
import ServiceLifecycle

// What AMQPRPC's documentation shows, compiled: a test compares the texts.

func ask(_ connection: AMQPConnection) async throws {
    let client = try await RPCClient.start(on: connection)
    let request = RPCRequest(routingKey: "prices", body: ByteBuffer(string: "tea"))
    let reply = try await client.call(request, timeout: .seconds(5))
    print(String(buffer: reply.body))
}

func serve(_ connection: AMQPConnection) async throws {
    let server = RPCServer(
        connection: connection,
        configuration: RPCServerConfiguration(queue: AMQPQueueDeclaration(name: "prices"), concurrency: 16)
    ) { request in
        guard String(buffer: request.body) == "tea" else {
            throw RPCFault(type: "UnknownItem", status: 404, message: "there is only tea")
        }
        return .reply(RPCReply(body: ByteBuffer(string: "3")))
    }
    try await server.run()
}

func handle(_ client: RPCClient, _ request: RPCRequest) async {
    do throws(AMQPError) {
        let reply = try await client.call(request, timeout: .seconds(5))
        print(String(buffer: reply.body))
    } catch {
        switch error.code {
        case .fault: print("the server's own error: \(error.fault?.type ?? "")")
        case .unroutable: print("nobody has such a queue")
        case .timedOut, .connectionLost: print("it may have been handled")
        default: print(error.isRetriable ? "later" : "never", error)
        }
    }
}

func longCall(_ client: RPCClient, _ request: RPCRequest) async throws {
    let reply = try await client.call(request, timeout: .seconds(3600), silenceTimeout: .seconds(10))
    print(String(buffer: reply.body))
}

func quiet() -> RPCClientConfiguration {
    RPCClientConfiguration(observability: .none)
}

func serveAsAService(_ server: RPCServer, logger: Logger) async throws {
    let group = ServiceGroup(services: [server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    try await group.run()
}

func countLosses(_ connection: AMQPConnection, _ server: RPCServer, logger: Logger) async throws {
    let metrics = AMQPConnectionMetrics(of: connection, name: "orders")
    let group = ServiceGroup(services: [metrics, server], gracefulShutdownSignals: [.sigterm], logger: logger)
    try await group.run()
}

func shutDown(_ server: RPCServer) async throws {
    let serving = Task { try await server.run() }
    // …
    server.triggerGracefulShutdown()
    try await serving.value
}

func serveStreams(_ connection: AMQPConnection) async throws {
    let server = RPCServer(
        connection: connection,
        configuration: RPCServerConfiguration(queue: AMQPQueueDeclaration(name: "countdown"), allowsStreams: true)
    ) { request in
        for number in (1...10).reversed() {
            try await request.send(RPCReply(body: ByteBuffer(string: "\(number)")))
        }
        return .reply(RPCReply(body: ByteBuffer(string: "0")))
    }
    try await server.run()
}

func readStream(_ client: RPCClient) async throws {
    let request = RPCRequest(routingKey: "countdown", body: ByteBuffer())
    for try await reply in try client.stream(request, timeout: .seconds(60)) {
        print(String(buffer: reply.body))
    }
}

func rememberReplies() -> RPCServerConfiguration {
    RPCServerConfiguration(
        queue: AMQPQueueDeclaration(name: "orders"),
        rememberedReplies: RPCRememberedReplies(count: 1000, duration: .seconds(3600)))
}

func once(_ client: RPCClient) async throws -> RPCReply {
    var request = RPCRequest(routingKey: "orders", body: ByteBuffer(string: "tea"))
    request.idempotencyKey = "7f1c2c4e-order-42"
    do throws(AMQPError) {
        return try await client.call(request, timeout: .seconds(5))
    } catch {
        guard error.isTransient else { throw error }
        return try await client.call(request, timeout: .seconds(5))  // the same key, and the same body
    }
}

func logged(logger: Logger) -> RPCServerConfiguration {
    RPCServerConfiguration(queue: AMQPQueueDeclaration(name: "prices"), logger: logger)
}

func testHandler(_ handler: RPCServer.Handler) async throws -> String? {
    let request = RPCContext(AMQPDelivery(AMQPMessage("tea")), timeout: .seconds(1))
    guard case .reply(let reply) = try await handler(request) else { return nil }
    return String(buffer: reply.body)
}
