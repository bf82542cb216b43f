import AMQP
import AMQPRPC
import Foundation
import NIOCore
import TestSupport

/// A queue of a test's own, a client, and a connection for its servers.
struct RPCSetUp {
    let queue: AMQPQueueDeclaration
    let serverConnection: AMQPConnection
    let client: RPCClient

    /// Runs a test; the queue goes at its end.
    static func run(
        client configuration: RPCClientConfiguration = RPCClientConfiguration(), _ body: (RPCSetUp) async throws -> Void
    ) async throws {
        let queue = AMQPQueueDeclaration(
            name: "test-rpc-\(UUID().uuidString)", arguments: ["x-expires": 60_000])
        let serverConnection = try await IntegrationBroker.connect()
        let channel = try await serverConnection.openChannel()
        try await channel.declareQueue(queue)
        let connection = try await IntegrationBroker.connect()
        let client = try await RPCClient.start(on: connection, configuration: configuration)
        try await body(RPCSetUp(queue: queue, serverConnection: serverConnection, client: client))
        try await channel.deleteQueue(queue.name)
        await serverConnection.close()
        await connection.close()
    }

    /// How a server of the queue is configured.
    var configuration: RPCServerConfiguration { RPCServerConfiguration(queue: self.queue) }

    func server(_ configuration: RPCServerConfiguration, _ handler: @escaping RPCServer.Handler) -> RPCServer {
        RPCServer(connection: self.serverConnection, configuration: configuration, handler: handler)
    }

    /// Runs a server while `body` does.
    func whileServing(
        _ configuration: RPCServerConfiguration, _ handler: @escaping RPCServer.Handler,
        _ body: () async throws -> Void
    ) async throws {
        let server = self.server(configuration, handler)
        let serving = Task { try await server.run() }
        try await body()
        server.triggerGracefulShutdown()
        try await serving.value
    }

    func request(_ body: String = "x") -> RPCRequest {
        RPCRequest(routingKey: AMQPShortString(self.queue.name), body: ByteBuffer(string: body))
    }

    func call(_ body: String = "x") async throws -> String {
        String(buffer: try await self.client.call(self.request(body), timeout: .seconds(30)).body)
    }
}
