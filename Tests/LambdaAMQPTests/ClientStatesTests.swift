import AMQP
import LambdaAMQP
import NIOCore
import TestSupport
import Testing

/// What a client tells of its connection.
@Suite(.timeLimit(.minutes(1))) struct ClientStatesTests {
    private func name(_ state: AMQPConnectionState) -> String {
        switch state {
        case .connecting: "connecting"
        case .connected: "connected"
        case .blocked(let reason): "blocked: \(reason)"
        case .recovering: "recovering"
        case .closed(let error): "closed: \(error.message)"
        }
    }

    /// The states until the end, each once in a row.
    private func names(_ states: AsyncStream<AMQPConnectionState>) async -> [String] {
        var names: [String] = []
        for await state in states where names.last != self.name(state) { names.append(self.name(state)) }
        return names
    }

    @Test func aClientIsWatchedFromBeforeItRunsToItsEnd() async throws {
        let test = try await ClientTest.start()
        let lambda = LambdaClient(test.settings)
        #expect(self.name(lambda.state) == "connecting")
        let states = lambda.states()
        let dropped = lambda.states()
        _ = dropped
        let running = Task { try await lambda.run() }
        _ = try await lambda.invoke("echo", payload: ByteBuffer(string: "1"))
        #expect(self.name(lambda.state) == "connected")
        running.cancel()
        try await running.value
        #expect(self.name(lambda.state) == "closed: the client was closed")
        #expect(await self.names(states) == ["connecting", "connected", "closed: the client was closed"])
        #expect(await self.names(lambda.states()) == ["closed: the client was closed"])
    }

    @Test func aBrokerThatTakesNoMessagesIsTold() async throws {
        let test = try await ClientTest.start()
        try await withLambdaClient(test.settings) { lambda in
            #expect(self.name(lambda.state) == "connected")
            var states = lambda.states().makeAsyncIterator()
            _ = try await lambda.invoke("blocked", payload: ByteBuffer(string: "1"))
            #expect(self.name(lambda.state) == "blocked: low on memory")
            while let state = await states.next(), self.name(state) != "blocked: low on memory" {}
        }
    }

    @Test func whatHindersTheFirstConnectionIsTold() async throws {
        let lambda = LambdaClient(try await ClientTest.deadBroker(attempts: 3))
        let states = lambda.states()
        await #expect(throws: LambdaError.self) { try await lambda.run() }
        let names = await self.names(states)
        #expect(names.starts(with: ["connecting", "recovering"]))
        #expect(names.last?.hasPrefix("closed: ") == true)
        guard case .closed(let error) = lambda.state else { return #expect(Bool(false)) }
        #expect(error.code == .connectionFailed)
    }

    @Test func aClientOnASharedConnectionEndsWithoutItAndWithIt() async throws {
        let test = try await ClientTest.start()
        let connection = try await AMQPConnection.connect(test.settings)
        let first = try await LambdaClient(connection: connection)
        let second = try await LambdaClient(connection: connection)
        #expect(self.name(first.state) == "connected")
        let (firstStates, secondStates) = (first.states(), second.states())
        await first.close()
        #expect(await self.names(firstStates) == ["connected", "closed: the client was closed"])
        #expect(self.name(second.state) == "connected")
        await connection.close()
        #expect(self.name(second.state) == "closed: the connection was closed")
        #expect(await self.names(secondStates) == ["connected", "closed: the connection was closed"])
        await second.close()
    }
}
