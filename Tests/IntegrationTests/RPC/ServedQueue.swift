import AMQP
import AMQPRPC
import Foundation
import NIOCore
import TestSupport
import Testing

/// A queue of a test's own that a server of the library serves.
struct ServedQueue {
    let name = "test-rpc-server-\(UUID().uuidString)"

    func request(_ body: String = "x", key: String? = nil) -> RPCRequest {
        var request = RPCRequest(routingKey: AMQPShortString(self.name), body: ByteBuffer(string: body))
        request.idempotencyKey = key
        return request
    }

    /// Runs a test between a client and a server on connections of their own; the queue goes at its end.
    func withServer(
        concurrency: Int = 8, allowsStreams: Bool = false, remembers: RPCRememberedReplies? = nil,
        handler: @escaping RPCServer.Handler, _ body: (RPCClient, RPCServer, AMQPConnection) async throws -> Void
    ) async throws {
        let serverConnection = try await IntegrationBroker.connect()
        let channel = try await serverConnection.openChannel()
        let queue = AMQPQueueDeclaration(name: self.name, arguments: ["x-expires": 60_000])
        try await channel.declareQueue(queue)
        let server = RPCServer(
            connection: serverConnection,
            configuration: RPCServerConfiguration(
                queue: queue, concurrency: concurrency, allowsStreams: allowsStreams, rememberedReplies: remembers),
            handler: handler)
        let serving = Task { try await server.run() }
        let connection = try await IntegrationBroker.connect()
        let client = try await RPCClient.start(on: connection)
        try await body(client, server, serverConnection)
        serving.cancel()
        _ = await serving.result
        try await connection.openChannel().deleteQueue(self.name)
        await serverConnection.close()
        await connection.close()
    }

    /// What a call fails with.
    func error(_ body: () async throws -> Void) async throws -> AMQPError {
        do {
            try await body()
        } catch {
            return try #require(error as? AMQPError)
        }
        throw Missing()
    }

    private struct Missing: Error {}
}
