import AMQP
import AMQPRPC
import Foundation
import Logging
import NIOCore
import NIOConcurrencyHelpers
import TestSupport
import Testing

/// Connections that are cut at any byte, again and again: in the handshake, in the set-up, in a frame of a call.
///
/// A thousand times over all; `TEST_CUTS` says another number.
@Suite(.timeLimit(.minutes(5))) struct CutConnectionTests {
    private static let cutCount = ProcessInfo.processInfo.environment["TEST_CUTS"].flatMap { Int($0) } ?? 1000
    private static let connectionCount = 20

    @Test func everyConnectionComesBackWithItsTopologyAndNoCallHangs() async throws {
        let perConnection = max(1, Self.cutCount / Self.connectionCount)
        let cuts = try await withThrowingTaskGroup { group in
            for number in 0..<Self.connectionCount {
                group.addTask { try await CutConnection(number).run(cuts: perConnection) }
            }
            return try await group.reduce(0, +)
        }
        #expect(cuts >= min(Self.cutCount, perConnection * Self.connectionCount))
    }
}

/// One connection through a proxy of its own: a server, a client, and a channel with an exchange, a binding and a consumer.
private struct CutConnection {
    private let number: Int
    private let queue = "test-cut-\(UUID().uuidString)"
    private let log = WarningLog()

    init(_ number: Int) {
        self.number = number
    }

    func run(cuts: Int) async throws -> Int {
        var settings = try IntegrationBroker.configuration()
        let broker = try #require(settings.endpoints.first)
        let proxy = try await TCPProxy(to: broker.host, broker.port)
        settings.endpoints = [AMQPEndpoint(host: "127.0.0.1", port: proxy.port)]
        let log = self.log
        let connection = try await AMQPConnection.connect(settings, logger: Logger(label: "cut") { _ in log })
        let queue = AMQPQueueDeclaration(name: self.queue, arguments: ["x-expires": 120_000])
        let channel = try await connection.openChannel()
        try await channel.declareQueue(queue)
        let server = RPCServer(
            connection: connection, configuration: RPCServerConfiguration(queue: queue, concurrency: 8)
        ) { context in
            // So that some are acknowledged when their connection is gone, and another one there.
            if context.body.readableBytes % 2 == 0 { try? await Task.sleep(for: .milliseconds(20)) }
            return .reply(RPCReply(body: context.body))
        }
        let serving = Task { try await server.run() }
        let client = try await RPCClient.start(on: connection)
        let topology = try await CutTopology(channel)
        try await self.cut(proxy, cuts, client, topology)
        serving.cancel()
        _ = await serving.result
        await connection.close()
        try await proxy.stop()
        // An acknowledgement of another epoch's tag would have had the broker close the channel: 406.
        #expect(
            self.log.messages.filter { $0.contains("PRECONDITION_FAILED") || $0.contains("channel was closed") } == [])
        return cuts
    }

    private func cut(_ proxy: TCPProxy, _ cuts: Int, _ client: RPCClient, _ topology: CutTopology) async throws {
        var random = FixedRandom(seed: UInt64(self.number))
        for number in 0..<cuts {
            let direction: TCPProxy.Direction = Bool.random(using: &random) ? .toServer : .toClient
            try await proxy.cut(afterByteCount: Int.random(in: 1...4000, using: &random), direction)
            while try await proxy.isCutPending(direction) { try await self.calls(client, "\(number)") }
            // Half of the time the next cut comes while the connection is being set up again.
            if Bool.random(using: &random) { continue }
            try await self.callUntilAnswered(client)
            try await topology.check()
        }
        try await self.callUntilAnswered(client)
        try await topology.check()
    }

    /// Some calls at once: each gets its own reply or an error that says what became of it.
    private func calls(_ client: RPCClient, _ text: String) async throws {
        let answered = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<4 {
                group.addTask { await self.call(client, text + String(repeating: "-", count: index)) }
            }
            return await group.reduce(false) { $0 || $1 }
        }
        if !answered { try await Task.sleep(for: .milliseconds(2)) }
    }

    private func call(_ client: RPCClient, _ text: String) async -> Bool {
        do throws(AMQPError) {
            let request = RPCRequest(routingKey: AMQPShortString(self.queue), body: ByteBuffer(string: text))
            let reply = try await client.call(request, timeout: .seconds(60))
            #expect(String(buffer: reply.body) == text)
            return true
        } catch {
            // Never `timedOut`: that would be a call that hung.
            #expect([.connectionLost, .connectionFailed].contains(error.code), "\(error)")
            return false
        }
    }

    private func callUntilAnswered(_ client: RPCClient) async throws {
        while !(await self.call(client, "again")) { try await Task.sleep(for: .milliseconds(5)) }
    }
}

/// An exchange, a server-named queue bound to it and a consumer, declared once and checked after each cut.
private final class CutTopology: Sendable {
    private let channel: AMQPChannel
    private let exchange = AMQPShortString("test-cut-\(UUID().uuidString)")
    private let reading: Task<Void, any Error>
    private let seen = Seen()

    init(_ channel: AMQPChannel) async throws {
        self.channel = channel
        try await channel.selectConfirms()
        try await channel.declareExchange(
            AMQPExchangeDeclaration(name: self.exchange.string, type: "fanout", isDurable: false, isAutoDelete: true))
        let queue = try await channel.declareQueue(.serverNamedExclusive)
        try await channel.bind(AMQPQueueBinding(queue: queue.name, exchange: self.exchange.string))
        let consumer = try await channel.consume(AMQPConsumption(queue: queue.name))
        let seen = self.seen
        self.reading = Task {
            for try await delivery in consumer {
                seen.texts.withLockedValue { _ = $0.insert(String(buffer: delivery.body)) }
                // Of a connection that was lost it is passed over here, and never sent on the next one.
                try await channel.ack(delivery)
            }
        }
    }

    deinit { self.reading.cancel() }

    private final class Seen: Sendable {
        let texts = NIOLockedValueBox<Set<String>>([])
    }

    /// A message to the exchange arrives at the consumer.
    func check() async throws {
        let text = UUID().uuidString
        while true {
            do throws(AMQPError) {
                try await self.channel.publishConfirmed(AMQPMessage(text), to: self.exchange, routingKey: "")
                break
            } catch {
                try #require([.connectionLost, .connectionFailed].contains(error.code), "\(error)")
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        while !self.seen.texts.withLockedValue({ $0.contains(text) }) { try await Task.sleep(for: .milliseconds(1)) }
    }
}

/// Keeps what is logged as a warning.
private struct WarningLog: LogHandler {
    private final class Storage: Sendable {
        let messages = NIOLockedValueBox<[String]>([])
    }

    private let storage = Storage()
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .warning

    var messages: [String] { self.storage.messages.withLockedValue { $0 } }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        self.storage.messages.withLockedValue { $0.append("\(event.message) \(event.metadata ?? [:])") }
    }
}
