import AMQP
import AMQPRPC
import Foundation
import NIOCore
import NIOConcurrencyHelpers
import TestSupport
import Testing

/// Client and server of the RPC library with a real RabbitMQ between them.
@Suite(.timeLimit(.minutes(2))) struct RPCIntegrationTests {
    private let queue = "test-rpc-\(UUID().uuidString)"

    private func request(_ body: ByteBuffer) -> RPCRequest {
        RPCRequest(routingKey: AMQPShortString(self.queue), body: body)
    }

    private func request(_ body: String) -> RPCRequest {
        self.request(ByteBuffer(string: body))
    }

    private func serverConfiguration(concurrency: Int) -> RPCServerConfiguration {
        let queue = AMQPQueueDeclaration(name: self.queue, isDurable: true, arguments: ["x-expires": 60_000])
        return RPCServerConfiguration(queue: queue, concurrency: concurrency)
    }

    /// Runs a test between a client and a server on connections of their own; the queue goes at its end.
    private func withClientAndServer(
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
    private func waitForServer(_ client: RPCClient) async throws {
        _ = try await self.call(
            client, "ready?", passingOver: [.unroutable, .connectionFailed, .connectionLost])
    }

    /// Until there is a reply queue again, calls fail that were certainly not sent.
    private func callOnceConnected(_ client: RPCClient, _ body: String) async throws -> RPCReply {
        try await self.call(client, body, passingOver: [.connectionFailed])
    }

    private func call(
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
        _ = try await channel.declareQueue(AMQPQueueDeclaration(name: self.queue))
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
        _ = try await channel.declareQueue(
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

    /// A proxy before the broker, and the settings of a connection through it.
    private func proxied() async throws -> (TCPProxy, AMQPConfiguration) {
        var settings = try IntegrationBroker.configuration()
        let broker = try #require(settings.endpoints.first)
        let proxy = try await TCPProxy(to: broker.host, broker.port)
        settings.endpoints = [AMQPEndpoint(host: "127.0.0.1", port: proxy.port)]
        return (proxy, settings)
    }

    @Test func networkThatStallsHoldsTheReplyBackAndLosesNothing() async throws {
        let (proxy, settings) = try await self.proxied()
        try await self.withClientAndServer(clientSettings: settings) { client in
            try await proxy.stall(true)
            let body = ByteBuffer(repeating: 7, count: 3_000_000)
            let waiting = Task { try await client.call(self.request(body), timeout: .seconds(30)) }
            let early = await #expect(throws: AMQPError.self) {
                try await client.call(self.request("early"), timeout: .milliseconds(100))
            }
            #expect(early?.code == .timedOut)
            try await proxy.stall(false)
            #expect(try await waiting.value.body == body)
        }
    }

    @Test func slowNetworkCrossesNoReplies() async throws {
        let (proxy, settings) = try await self.proxied()
        try await self.withClientAndServer(clientSettings: settings) { client in
            try await proxy.delay(by: .milliseconds(20))
            try await withThrowingDiscardingTaskGroup { group in
                for number in 0..<50 {
                    group.addTask {
                        let reply = try await client.call(self.request("\(number)"), timeout: .seconds(30))
                        #expect(String(buffer: reply.body) == "\(number)")
                    }
                }
            }
        }
    }

    @Test func blackHoleIsNoticedByHeartbeatsAndFailsWhatWaits() async throws {
        var (proxy, settings) = try await self.proxied()
        settings.heartbeat = .seconds(1)
        try await self.withClientAndServer(clientSettings: settings) { [proxy] client in
            try await proxy.blackHole(true)
            let error = await #expect(throws: AMQPError.self) {
                try await client.call(self.request("lost"), timeout: .seconds(60))
            }
            #expect(error?.code == .connectionLost)
            try await proxy.blackHole(false)
            _ = try await self.callOnceConnected(client, "again")
        }
        proxy.cut()
    }

    @Test func severedConnectionFailsWhatWaitsAndLaterCallsGetTheirReplies() async throws {
        let (proxy, settings) = try await self.proxied()
        let isHeld = NIOLockedValueBox(false)
        let handler: RPCServer.Handler = { delivery in
            if String(buffer: delivery.body) == "hold" {
                isHeld.withLockedValue { $0 = true }
                try? await Task.sleep(for: .seconds(60))
            }
            return .reply(RPCReply(body: delivery.body))
        }
        try await self.withClientAndServer(clientSettings: settings, handler: handler) { client in
            let waiting = Task { try await client.call(self.request("hold"), timeout: .seconds(60)) }
            try await waitUntil { isHeld.withLockedValue { $0 } }
            proxy.cut(withReset: true)
            let error = await #expect(throws: AMQPError.self) { try await waiting.value }
            #expect(error?.code == .connectionLost && error?.isRetriable == true)
            let reply = try await self.callOnceConnected(client, "again")
            #expect(String(buffer: reply.body) == "again")
        }
    }

    @Test func serverComesBackAfterItsConnectionIsCut() async throws {
        let (proxy, settings) = try await self.proxied()
        let connection = try await IntegrationBroker.connect()
        let serverConnection = try await IntegrationBroker.connect(settings)
        let server = RPCServer(
            connection: serverConnection, configuration: self.serverConfiguration(concurrency: 4),
            handler: { .reply(RPCReply(body: $0.body)) })
        let serving = Task { try await server.run() }
        let client = try await RPCClient.start(on: connection)
        try await self.waitForServer(client)
        // In the middle of a frame, as a rule.
        try await proxy.cut(afterByteCount: 2000, .toClient)
        try await withThrowingDiscardingTaskGroup { group in
            for caller in 0..<8 {
                group.addTask {
                    for number in 0..<50 {
                        let text = "\(caller)-\(number)"
                        let reply = try await client.call(self.request(text), timeout: .seconds(30))
                        #expect(String(buffer: reply.body) == text)
                    }
                }
            }
        }
        serving.cancel()
        try await serving.value
        try await connection.openChannel().deleteQueue(self.queue)
        await serverConnection.close()
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
