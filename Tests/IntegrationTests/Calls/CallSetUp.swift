import AMQP
import Foundation
import NIOCore
import TestSupport

/// A function's queue on a real broker, a daemon behind a proxy that can cut it off, and a caller that speaks the wire
/// contract by hand, with a connection of its own.
struct CallSetUp: Sendable {
    let name: String
    let daemon: CallDaemon
    let proxy: TCPProxy
    let caller: AMQPConnection
    /// The caller's channel, in confirm mode.
    let channel: AMQPChannel

    /// Runs a test; the function's queue goes at its end.
    ///
    /// - Parameters:
    ///   - type: The queue's.
    ///   - arguments: The queue's other arguments.
    ///   - prefetch: Messages that the daemon holds.
    ///   - prepare: Called with the function's name and the caller's channel, before the daemon consumes.
    static func with(
        type: String = "classic", arguments: AMQPTable = [:], prefetch: Int = 10,
        prepare: @Sendable (_ name: String, _ channel: AMQPChannel) async throws -> Void = { _, _ in },
        _ body: @Sendable (CallSetUp) async throws -> Void
    ) async throws {
        let name = "test-calls-\(UUID().uuidString.lowercased())"
        var configuration = try IntegrationBroker.configuration()
        let broker = configuration.endpoints[0]
        let proxy = try await TCPProxy(to: broker.host, broker.port)
        configuration.endpoints = [AMQPEndpoint(host: "127.0.0.1", port: proxy.port)]
        let caller = try await IntegrationBroker.connect()
        let channel = try await caller.openChannel()
        try await channel.selectConfirms()
        var arguments = arguments
        arguments["x-queue-type"] = .string(type)
        try await channel.declareQueue(AMQPQueueDeclaration(name: name, arguments: arguments))
        try await prepare(name, channel)
        let daemon = try await CallDaemon.start(name, prefetch: prefetch, configuration: configuration)
        try await body(CallSetUp(name: name, daemon: daemon, proxy: proxy, caller: caller, channel: channel))
        await daemon.connection.close()
        _ = try? await caller.openChannel().deleteQueue(name)
        await caller.close()
        try await proxy.stop()
    }

    /// A caller's address: an exclusive queue of the broker's naming, and what comes to it.
    func replies() async throws -> (queue: AMQPShortString, messages: AMQPConsumer.AsyncIterator) {
        let queue = try await self.channel.declareQueue(.serverNamedExclusive).name
        let messages = try await self.channel.consume(AMQPConsumption(queue: queue, noAck: true))
        return (AMQPShortString(queue), messages.makeAsyncIterator())
    }

    /// Publishes a call, and returns when the broker has it.
    func call(
        _ event: String, id: String?, replyTo: AMQPShortString, expiration: String? = nil, attempt: Int? = nil
    ) async throws {
        try await self.channel.publishConfirmed(
            Self.message(event, id: id, replyTo: replyTo, expiration: expiration, attempt: attempt),
            routingKey: AMQPShortString(self.name))
    }

    static func message(
        _ event: String, id: String?, replyTo: AMQPShortString, expiration: String? = nil, attempt: Int? = nil
    ) -> AMQPMessage {
        var properties = AMQPProperties(contentType: nil, correlationID: id.map { AMQPShortString($0) })
        properties.replyTo = replyTo
        properties.expiration = expiration.map { AMQPShortString($0) }
        if let attempt { properties.headers = ["X-Lambda-Attempt": .int64(Int64(attempt))] }
        return AMQPMessage(event, properties: properties)
    }

    /// Cuts the daemon's connection, and waits until it has noticed.
    func cut(refusing: Bool = false) async throws {
        let connection = self.daemon.connection
        let link = try await self.daemon.onLoop { _ in connection.link }
        self.proxy.cut(refusing: refusing)
        try await self.daemon.until { _ in connection.link !== link }
    }

    /// Ends the daemon, which gives back what it has not acknowledged; says how much that was.
    func leftMessageCount() async throws -> Int {
        await self.daemon.connection.close()
        let channel = try await self.caller.openChannel()
        while try await channel.checkQueue(self.name).consumerCount > 0 {
            try await Task.sleep(for: .milliseconds(10))
        }
        let count = try await channel.checkQueue(self.name).messageCount
        try await channel.close()
        return count
    }
}

extension AMQPConsumer.AsyncIterator {
    /// The next reply as text: its body where it is a result, else the error's type.
    mutating func nextAnswer() async throws -> String {
        guard let reply = try await self.next() else { return "no reply" }
        return reply.properties.headers?["X-Amzn-ErrorType"]?.stringValue ?? String(buffer: reply.body)
    }
}
