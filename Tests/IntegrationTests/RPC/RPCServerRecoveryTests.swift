import AMQP
import AMQPRPC
import NIOConcurrencyHelpers
import NIOCore
import TestSupport
import Testing

/// What a server does when its connection, or its queue, goes in the middle of a request.
@Suite(.timeLimit(.minutes(1))) struct RPCServerRecoveryTests {
    /// How many handlers are at work, and how many were at most.
    private final class Gauge: Sendable {
        private let counts = NIOLockedValueBox((now: 0, most: 0, begun: 0))

        var most: Int { self.counts.withLockedValue { $0.most } }
        var begun: Int { self.counts.withLockedValue { $0.begun } }

        func measure<Value>(_ body: () async throws -> Value) async rethrows -> Value {
            self.counts.withLockedValue { $0 = ($0.now + 1, max($0.most, $0.now + 1), $0.begun + 1) }
            defer { self.counts.withLockedValue { $0.now -= 1 } }
            return try await body()
        }
    }

    @Test func noMoreThanConfiguredAreHandledAlsoAfterTheConnectionWasLost() async throws {
        let gauge = Gauge()
        let (held, release) = AsyncStream.makeStream(of: Void.self)
        try await RPCSetUp.run { test in
            var configuration = test.configuration
            configuration.concurrency = 1
            try await test.whileServing(configuration) { context in
                await gauge.measure {
                    // The first stays at work, whatever becomes of its connection.
                    if !context.isRedelivered { for await _ in held {} }
                    return .reply(RPCReply(body: ByteBuffer(string: "redelivered: \(context.isRedelivered)")))
                }
            } _: {
                let connection = test.serverConnection
                let calls = (0..<3).map { _ in Task { try await test.call() } }
                try await waitUntil { gauge.begun == 1 }
                for _ in 0..<2 {
                    try await connection.eventLoop.submit {
                        connection.link?.abort(AMQPError(.connectionLost, "cut by the test"))
                    }.get()
                    try await waitUntil { if case .connected = connection.state { true } else { false } }
                }
                // Time for the broker to deliver the request again, which must wait.
                try await Task.sleep(for: .milliseconds(300))
                #expect(gauge.begun == 1)
                release.finish()
                for call in calls { _ = try await call.value }
                #expect(gauge.most == 1 && gauge.begun > 3)
            }
        }
    }

    @Test func aReplyIsSentAlthoughItsQueueWasDeletedMeanwhile() async throws {
        let (held, release) = AsyncStream.makeStream(of: Void.self)
        let began = NIOLockedValueBox(false)
        try await RPCSetUp.run { test in
            try await test.whileServing(test.configuration) { _ in
                began.withLockedValue { $0 = true }
                for await _ in held {}
                return .reply(RPCReply(body: ByteBuffer(string: "done")))
            } _: {
                let call = Task { try await test.call() }
                try await waitUntil { began.withLockedValue { $0 } }
                let channel = try await test.serverConnection.openChannel()
                try await channel.deleteQueue(test.queue.name)
                release.finish()
                #expect(try await call.value == "done")
                // The server has made its queue again.
                try await waitUntil { (try? await test.call()) == "done" }
            }
        }
    }

    @Test func aServerOrClientOfAConnectionThatHasEndedSaysSo() async throws {
        let connection = try await IntegrationBroker.connect()
        await connection.close()
        let server = RPCServer(
            connection: connection, configuration: RPCServerConfiguration(queue: AMQPQueueDeclaration(name: "never"))
        ) { _ in .noReply }
        let ofServer = await #expect(throws: AMQPError.self) { try await server.run() }
        #expect(ofServer?.code == .connectionClosed)
        let ofClient = await #expect(throws: AMQPError.self) { try await RPCClient.start(on: connection) }
        #expect(ofClient?.code == .connectionClosed)
    }
}
