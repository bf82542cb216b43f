import AMQP
import AMQPRPC
import NIOConcurrencyHelpers
import NIOCore
import TestSupport
import Testing

// Through a network that stalls, slows, swallows and cuts.
extension RPCIntegrationTests {
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
            #expect(error?.code == .connectionLost && error?.isTransient == true)
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

    @Test func ofARequestThatTheSocketDoesNotTakeInTimeNothingHasLeft() async throws {
        let (proxy, settings) = try await self.proxied()
        try await self.withClientAndServer(clientSettings: settings) { client in
            try await proxy.stall(true)
            // More than the socket's buffers hold.
            let body = ByteBuffer(repeating: 7, count: 5_000_000)
            let large = (0..<6).map { _ in Task { try await client.call(self.request(body), timeout: .seconds(60)) } }
            func waitUntilCalls(_ count: Int) async throws {
                try await waitUntil { try await client.eventLoop.submit { client.callCount }.get() == count }
            }
            try await waitUntilCalls(6)
            let late = await #expect(throws: AMQPError.self) {
                try await client.call(self.request("late"), timeout: .milliseconds(100))
            }
            #expect(late?.code == .timedOut && late?.mayHaveExecuted == false && late?.isRetriable == true)
            let left = Task { try await client.call(self.request("left"), timeout: .seconds(60)) }
            try await waitUntilCalls(7)
            left.cancel()
            let cancelled = await #expect(throws: AMQPError.self) { try await left.value }
            #expect(cancelled?.code == .cancelled && cancelled?.mayHaveExecuted == false)
            let stream = try client.stream(self.request("left"), timeout: .seconds(60))
            let reader = Task { for try await _ in stream {} }
            try await waitUntilCalls(7)
            reader.cancel()
            let leftStream = await #expect(throws: AMQPError.self) { try await reader.value }
            #expect(leftStream?.code == .cancelled && leftStream?.mayHaveExecuted == false)
            try await proxy.stall(false)
            for call in large { #expect(try await call.value.body == body) }
        }
    }
}
