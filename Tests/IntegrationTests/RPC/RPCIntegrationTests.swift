import AMQP
import AMQPRPC
import Foundation
import NIOCore
import NIOConcurrencyHelpers
import TestSupport
import Testing

/// Client and server of the RPC library with a real RabbitMQ between them.
@Suite(.timeLimit(.minutes(2))) struct RPCIntegrationTests {
    let queue = "test-rpc-\(UUID().uuidString)"

    func request(_ body: ByteBuffer) -> RPCRequest {
        RPCRequest(routingKey: AMQPShortString(self.queue), body: body)
    }

    func request(_ body: String) -> RPCRequest {
        self.request(ByteBuffer(string: body))
    }

    func serverConfiguration(concurrency: Int) -> RPCServerConfiguration {
        let queue = AMQPQueueDeclaration(name: self.queue, isDurable: true, arguments: ["x-expires": 60_000])
        return RPCServerConfiguration(queue: queue, concurrency: concurrency)
    }

    /// Runs a test between a client and a server on connections of their own; the queue goes at its end.
    func withClientAndServer(
        _ clientConfiguration: RPCClientConfiguration = RPCClientConfiguration(), concurrency: Int = 8,
        clientSettings: AMQPConfiguration? = nil,
        handler: @escaping RPCServer.Handler = { .reply(RPCReply(body: $0.body)) },
        _ body: (RPCClient) async throws -> Void
    ) async throws {
        let serverConnection = try await IntegrationBroker.connect()
        let server = RPCServer(
            connection: serverConnection, configuration: self.serverConfiguration(concurrency: concurrency),
            handler: handler)
        let serving = Task { try await server.run() }
        let clientConnection = try await IntegrationBroker.connect(clientSettings)
        let client = try await RPCClient.start(on: clientConnection, configuration: clientConfiguration)
        try await self.waitForServer(client)
        try await body(client)
        await client.close()
        serving.cancel()
        try await serving.value
        try await serverConnection.openChannel().deleteQueue(self.queue)
        await serverConnection.close()
        await clientConnection.close()
    }

    /// Until the server has declared its queue, requests come back as unroutable. A client with short heartbeats may
    /// lose its connection meanwhile, where the machine has no time for it.
    func waitForServer(_ client: RPCClient) async throws {
        _ = try await self.call(
            client, "ready?", passingOver: [.unroutable, .connectionFailed, .connectionLost])
    }

    /// Until there is a reply queue again, calls fail that were certainly not sent.
    func callOnceConnected(_ client: RPCClient, _ body: String) async throws -> RPCReply {
        try await self.call(client, body, passingOver: [.connectionFailed])
    }

    func call(
        _ client: RPCClient, _ body: String, passingOver codes: Set<AMQPError.Code>
    ) async throws -> RPCReply {
        while true {
            do throws(AMQPError) {
                return try await client.call(self.request(body), timeout: .seconds(30))
            } catch {
                try #require(codes.contains(error.code), "\(error)")
                try await Task.sleep(for: .milliseconds(2))
            }
        }
    }

    @Test(arguments: [
        RPCClientConfiguration(), RPCClientConfiguration(replyQueue: .direct),
        RPCClientConfiguration(confirmsRequests: true),
    ])
    func everyReplyIsItsCallers(configuration: RPCClientConfiguration) async throws {
        try await self.withClientAndServer(configuration) { client in
            try await withThrowingDiscardingTaskGroup { group in
                for caller in 0..<32 {
                    group.addTask {
                        for number in 0..<50 {
                            let text = "\(caller)-\(number)"
                            let reply = try await client.call(self.request(text), timeout: .seconds(30))
                            #expect(String(buffer: reply.body) == text)
                        }
                    }
                }
            }
        }
    }

    @Test(arguments: [0, 1, 131_064, 131_072, 5_000_000])
    func bodyOfAnySizeComesBack(byteCount: Int) async throws {
        try await self.withClientAndServer { client in
            let body = ByteBuffer(bytes: (0..<byteCount).map { UInt8(truncatingIfNeeded: $0) })
            let reply = try await client.call(self.request(body), timeout: .seconds(30))
            #expect(reply.body == body)
        }
    }

    @Test func queueThatIsNotThereFailsTheCallAtOnce() async throws {
        let connection = try await IntegrationBroker.connect()
        let client = try await RPCClient.start(on: connection)
        let error = await #expect(throws: AMQPError.self) {
            try await client.call(self.request("x"), timeout: .seconds(60))
        }
        #expect(error?.code == .unroutable)
        await connection.close()
    }

    @Test func callThatTimesOutExpiresInItsQueue() async throws {
        let connection = try await IntegrationBroker.connect()
        let channel = try await connection.openChannel()
        try await channel.declareQueue(AMQPQueueDeclaration(name: self.queue))
        let client = try await RPCClient.start(on: connection)
        let error = await #expect(throws: AMQPError.self) {
            try await client.call(self.request("x"), timeout: .milliseconds(100))
        }
        #expect(error?.code == .timedOut)
        // The same 100 ms count from the broker's receipt; so the message goes soon after.
        try await waitUntil { try await channel.checkQueue(self.queue).messageCount == 0 }
        try await channel.deleteQueue(self.queue)
        await connection.close()
    }

    @Test func fullQueueFailsTheCallAtOnceWithConfirms() async throws {
        let connection = try await IntegrationBroker.connect()
        let channel = try await connection.openChannel()
        try await channel.declareQueue(
            AMQPQueueDeclaration(
                name: self.queue, arguments: ["x-max-length": 1, "x-overflow": "reject-publish"]))
        let client = try await RPCClient.start(
            on: connection, configuration: RPCClientConfiguration(confirmsRequests: true))
        let codes = await withTaskGroup(of: AMQPError.Code?.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    do throws(AMQPError) {
                        _ = try await client.call(self.request("x"), timeout: .seconds(5))
                        return nil
                    } catch {
                        return error.code
                    }
                }
            }
            return await group.reduce(into: [AMQPError.Code?]()) { $0.append($1) }
        }
        #expect(codes.contains(.nacked))
        #expect(codes.allSatisfy { $0 == .nacked || $0 == .timedOut })
        try await channel.deleteQueue(self.queue)
        await connection.close()
    }

    @Test func requestsThatWereNotBegunGoToAnotherServer() async throws {
        let first = try await IntegrationBroker.connect()
        let began = NIOLockedValueBox(false)
        let slow = RPCServer(connection: first, configuration: self.serverConfiguration(concurrency: 1)) { _ in
            began.withLockedValue { $0 = true }
            try? await Task.sleep(for: .seconds(60))
            return .reply(RPCReply(body: ByteBuffer(string: "slow")))
        }
        let slowRun = Task { try await slow.run() }
        let connection = try await IntegrationBroker.connect()
        let client = try await RPCClient.start(on: connection)
        let firstCall = Task { try await self.call(client, "1", passingOver: [.unroutable]) }
        try await waitUntil { began.withLockedValue { $0 } }
        let secondCall = Task { try await client.call(self.request("2"), timeout: .seconds(30)) }
        // The handler is cancelled with its server, and its answer still sent.
        slowRun.cancel()
        try await slowRun.value
        #expect(String(buffer: try await firstCall.value.body) == "slow")
        let second = RPCServer(connection: first, configuration: self.serverConfiguration(concurrency: 1)) {
            .reply(RPCReply(body: $0.body))
        }
        let secondRun = Task { try await second.run() }
        #expect(String(buffer: try await secondCall.value.body) == "2")
        secondRun.cancel()
        try await secondRun.value
        try await first.openChannel().deleteQueue(self.queue)
        await first.close()
        await connection.close()
    }
}
