import AMQP
import AMQPRPC
import Glibc
import NIOCore
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct RPCClientTests {
    private let rpc = FakeRPCBroker()

    /// Runs a test with a client on a connection to a broker that plays the given part.
    private func withClient(
        _ rpc: FakeRPCBroker, _ configuration: RPCClientConfiguration = RPCClientConfiguration(),
        _ body: (RPCClient, AMQPConnection) async throws -> Void
    ) async throws {
        let broker = try await FakeBroker.start(rpc.script)
        var settings = AMQPConfiguration()
        settings.endpoints = [AMQPEndpoint(host: "127.0.0.1", port: broker.port)]
        let connection = try await AMQPConnection.connect(settings)
        let client = try await RPCClient.start(on: connection, configuration: configuration)
        try await body(client, connection)
        // Closing ends an attempt to connect in the middle of its handshake, which no script expects.
        try await waitUntil { if case .recovering = connection.state { false } else { true } }
        await connection.close()
        #expect(broker.failures == [])
    }

    private func request(_ routingKey: AMQPShortString, _ body: String = "x") -> RPCRequest {
        RPCRequest(routingKey: routingKey, body: ByteBuffer(string: body))
    }

    private func error(
        _ client: RPCClient, _ routingKey: AMQPShortString, timeout: Duration = .seconds(30)
    ) async -> AMQPError? {
        await #expect(throws: AMQPError.self) { try await client.call(self.request(routingKey), timeout: timeout) }
    }

    @Test func replyIsTheEchoOfItsOwnRequest() async throws {
        try await self.withClient(self.rpc) { client, _ in
            try await withThrowingTaskGroup { group in
                for number in 0..<200 {
                    group.addTask {
                        let reply = try await client.call(self.request("echo", "\(number)"), timeout: .seconds(30))
                        #expect(String(buffer: reply.body) == "\(number)")
                    }
                }
                try await group.waitForAll()
            }
            let count = try await client.connectionLoop { client.callCount }
            #expect(count == 0)
        }
        #expect(Set(self.rpc.replyTos) == ["amq.gen-1"])
    }

    @Test func aCallFromTheConnectionsLoopStaysThere() async throws {
        try await self.withClient(self.rpc) { client, connection in
            #expect(client.taskExecutor === connection.taskExecutor)
            try await withTaskExecutorPreference(client.taskExecutor) {
                _ = try await client.call(self.request("echo"), timeout: .seconds(30))
                #expect(connection.eventLoop.inEventLoop)
            }
        }
    }

    @Test func aRequestSaysWhenItWasSentAndHowLongItsCallerWaits() async throws {
        let before = UInt64(time(nil))
        try await self.withClient(self.rpc) { client, _ in
            _ = try await client.call(self.request("echo"), timeout: .milliseconds(29_500))
            var request = self.request("echo")
            request.properties.timestamp = 7
            request.properties.expiration = "1000"
            _ = try await client.call(request, timeout: .seconds(30))
        }
        let requests = self.rpc.requests
        #expect(requests.map(\.expiration) == ["29500", "1000"])
        #expect(requests[1].timestamp == 7)
        #expect((before...UInt64(time(nil))).contains(try #require(requests[0].timestamp)))
    }

    @Test func emptyBodyIsSentAndReceived() async throws {
        try await self.withClient(self.rpc) { client, _ in
            let reply = try await client.call(self.request("echo", ""), timeout: .seconds(30))
            #expect(reply.body.readableBytes == 0)
        }
    }

    @Test func aStreamGetsEachReplyUntilItSaysThatItWasTheLast() async throws {
        try await self.withClient(self.rpc) { client, _ in
            let bodies = try await self.stream(client, "twice", wanted: 2)
            #expect(bodies == ["x", "x"])
            let first = try await self.stream(client, "twice", wanted: 1)
            #expect(first == ["x"])
            // The second reply of the second call has nobody; a call after it shows that it came.
            _ = try await client.call(self.request("echo"), timeout: .seconds(30))
            let (dropped, open) = try await client.connectionLoop { (client.droppedReplyCount, client.callCount) }
            #expect(dropped == 1)
            #expect(open == 0)
        }
    }

    @Test(arguments: [("nowhere", AMQPError.Code.unroutable), ("silent", .timedOut), ("cut", .connectionLost)])
    func aStreamEndsWithTheErrorOfItsCall(routingKey: String, code: AMQPError.Code) async throws {
        // Only the one that is to run out of time gets little.
        let timeout: TimeAmount = code == .timedOut ? .milliseconds(200) : .seconds(30)
        try await self.withClient(self.rpc) { client, _ in
            let error = await #expect(throws: AMQPError.self) {
                try await self.stream(client, AMQPShortString(routingKey), timeout: timeout, wanted: 1)
            }
            #expect(error?.code == code)
        }
    }

    /// The bodies of so many replies to one request.
    private func stream(
        _ client: RPCClient, _ routingKey: AMQPShortString, timeout: TimeAmount = .seconds(30), wanted: Int
    ) async throws -> [String] {
        let promise = client.eventLoop.makePromise(of: [String].self)
        client.eventLoop.execute {
            var bodies: [String] = []
            _ = client.stream(self.request(routingKey), timeout: timeout) { result in
                switch result {
                case .failure(let error):
                    promise.fail(error)
                    return .last
                case .success(let reply):
                    bodies.append(String(buffer: reply.body))
                    guard bodies.count == wanted else { return .more }
                    promise.succeed(bodies)
                    return .last
                }
            }
        }
        return try await promise.futureResult.get()
    }

    @Test func directReplyToNeedsNoQueue() async throws {
        try await self.withClient(self.rpc, RPCClientConfiguration(replyQueue: .direct)) { client, _ in
            _ = try await client.call(self.request("echo"), timeout: .seconds(30))
        }
        #expect(self.rpc.replyTos == ["amq.rabbitmq.reply-to"])
    }

    @Test func unroutableRequestFailsAtOnce() async throws {
        try await self.withClient(self.rpc) { client, _ in
            let error = await self.error(client, "nowhere")
            #expect(error?.code == .unroutable && error?.replyCode == .noRoute && error?.isServerInitiated == true)
        }
    }

    @Test func refusedRequestFailsAtOnceWithConfirms() async throws {
        let configuration = RPCClientConfiguration(confirmsRequests: true)
        try await self.withClient(FakeRPCBroker(nacks: true), configuration) { client, _ in
            #expect(await self.error(client, "full")?.code == .nacked)
        }
    }

    @Test func callWithoutReplyTimesOut() async throws {
        try await self.withClient(self.rpc) { client, _ in
            #expect(await self.error(client, "silent", timeout: .milliseconds(20))?.code == .timedOut)
            #expect(await self.error(client, "silent", timeout: .zero)?.code == .invalidArgument)
        }
    }

    @Test func repliesThatNobodyWaitsForAreDroppedAndCounted() async throws {
        try await self.withClient(self.rpc) { client, _ in
            _ = try await client.call(self.request("stranger"), timeout: .seconds(30))
            _ = try await client.call(self.request("twice"), timeout: .seconds(30))
            _ = try await client.call(self.request("echo"), timeout: .seconds(30))
            let count = try await client.connectionLoop { client.droppedReplyCount }
            #expect(count == 3)
        }
    }

    @Test func cancelledTaskForgetsItsCall() async throws {
        try await self.withClient(self.rpc) { client, _ in
            let waiting = Task { try await client.call(self.request("silent"), timeout: .seconds(30)) }
            try await waitUntil { !self.rpc.replyTos.isEmpty }
            waiting.cancel()
            let error = await #expect(throws: AMQPError.self) { try await waiting.value }
            #expect(error?.code == .cancelled)
            let count = try await client.connectionLoop { client.callCount }
            #expect(count == 0)
        }
    }

    @Test func taskThatIsCancelledAlreadySendsNothing() async throws {
        try await self.withClient(self.rpc) { client, _ in
            let cancelled = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await client.call(self.request("echo"), timeout: .seconds(30))
            }
            let error = await #expect(throws: AMQPError.self) { try await cancelled.value }
            #expect(error?.code == .cancelled)
        }
        #expect(self.rpc.replyTos == [])
    }

    /// Calls until there is a reply queue again; until then calls fail, which were certainly not sent.
    private func callOnceConnected(_ client: RPCClient) async throws {
        while true {
            do throws(AMQPError) {
                _ = try await client.call(self.request("echo"), timeout: .seconds(30))
                return
            } catch {
                try #require(error.code == .connectionFailed && error.isRetriable)
                try await Task.sleep(for: .milliseconds(2))
            }
        }
    }

    @Test func lostConnectionFailsTheCallAndTheNextHasANewReplyQueue() async throws {
        try await self.withClient(self.rpc) { client, _ in
            let error = await self.error(client, "cut")
            #expect(error?.code == .connectionLost && error?.isTransient == true && error?.mayHaveExecuted == true)
            try await self.callOnceConnected(client)
        }
        #expect(self.rpc.replyTos == ["amq.gen-1", "amq.gen-2"])
    }

    @Test func callWithoutAConnectionFailsAtOnce() async throws {
        let broker = try await FakeBroker.start(self.rpc.script, [.silence])
        var settings = AMQPConfiguration()
        settings.endpoints = [AMQPEndpoint(host: "127.0.0.1", port: broker.port)]
        let connection = try await AMQPConnection.connect(settings)
        let client = try await RPCClient.start(on: connection)
        #expect(await self.error(client, "cut")?.code == .connectionLost)
        let absent = await self.error(client, "echo")
        #expect(absent?.code == .connectionFailed && absent?.isRetriable == true)
        await connection.close()
        let closed = await self.error(client, "echo")
        #expect(closed?.code == .connectionClosed && closed?.isRetriable == false && closed?.mayHaveExecuted == false)
    }

    @Test func blockedBrokerFailsCallsAtOnce() async throws {
        try await self.withClient(self.rpc) { client, _ in
            _ = try await client.call(self.request("blocked"), timeout: .seconds(30))
            let error = await self.error(client, "echo")
            #expect(error?.code == .blocked && error?.isRetriable == true)
        }
    }

    @Test(arguments: [("refused", AMQPError.Code.channelClosed), ("deleted", .consumerCancelled)])
    func lostReplyQueueFailsTheCallAndIsMadeAgain(routingKey: String, code: AMQPError.Code) async throws {
        try await self.withClient(self.rpc) { client, _ in
            #expect(await self.error(client, AMQPShortString(routingKey))?.code == code)
            try await self.callOnceConnected(client)
        }
    }

    @Test func ofTheCallsThatARefusalEndsOnlyTheLastWasCertainlyNotExecuted() async throws {
        try await self.withClient(self.rpc) { client, _ in
            async let earlier = self.error(client, "silent")
            try await waitUntil { !self.rpc.replyTos.isEmpty }
            #expect(await self.error(client, "forbidden")?.code == .accessRefused)
            let error = await earlier
            #expect(error?.code == .channelClosed && error?.replyCode == .accessRefused)
            #expect(error?.message.contains("may have been executed") == true)
            try await self.callOnceConnected(client)
        }
    }

    @Test func ofACallWhoseMessageBesideItIsRefusedNobodyKnows() async throws {
        try await self.withClient(self.rpc) { client, _ in
            let request = self.request("silent")
            let ended = client.eventLoop.makePromise(of: AMQPError.Code?.self)
            try await client.connectionLoop {
                let id = client.stream(request, timeout: .seconds(30)) { result in
                    if case .failure(let error) = result { ended.succeed(error.code) } else { ended.succeed(nil) }
                    return .last
                }
                client.send([:], of: id, to: "forbidden")
            }
            #expect(try await ended.futureResult.get() == .channelClosed)
        }
    }

    @Test func closedClientFailsItsCalls() async throws {
        try await self.withClient(self.rpc) { client, _ in
            async let waiting = self.error(client, "silent")
            try await waitUntil { !self.rpc.replyTos.isEmpty }
            await client.close()
            #expect(await waiting?.code == .connectionClosed)
            #expect(await self.error(client, "echo")?.code == .connectionClosed)
        }
    }

    @Test func replyQueueThatIsRefusedFailsTheStart() async throws {
        let broker = try await FakeBroker.start(
            .handshake(heartbeat: 0) + .openChannel
                + [
                    .answer(50, 10) { [.channelClose(403, "ACCESS_REFUSED", on: $0.channel)] },
                    .expectMethod(20, 41), .silence,
                ])
        var settings = AMQPConfiguration()
        settings.endpoints = [AMQPEndpoint(host: "127.0.0.1", port: broker.port)]
        let connection = try await AMQPConnection.connect(settings)
        let error = await #expect(throws: AMQPError.self) { _ = try await RPCClient.start(on: connection) }
        #expect(error?.code == .accessRefused)
    }
}

extension RPCClient {
    /// Reads something that belongs to the loop.
    func connectionLoop<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async throws -> Value {
        try await self.eventLoop.submit(body).get()
    }
}
