import AMQP
import NIOCore
import TestSupport

/// An async face for tests: one connection, one channel, and a queue's name that no other test has.
struct AMQPTestChannel: Sendable {
    let connection: AMQPConnection
    let channel: AMQPLinkChannel
    let queue = "integration-\(UInt64.random(in: 0...UInt64.max))"

    /// Runs `body` with a channel; its queue is deleted afterwards and the connection closed.
    static func run(
        _ configuration: AMQPConfiguration? = nil, declare: Bool = true,
        _ body: @Sendable (AMQPTestChannel) async throws -> Void
    ) async throws {
        let connection = try await IntegrationBroker.connect(configuration)
        let test = AMQPTestChannel(connection: connection, channel: try await Self.open(on: connection))
        var failure: (any Error)?
        do {
            if declare { try await test.declareQueue() }
            try await body(test)
        } catch {
            failure = error
        }
        // On a channel of its own: the test's may be closed by an error that it provoked.
        if let cleaner = try? await Self.open(on: connection) {
            _ = try? await Self(connection: connection, channel: cleaner)
                .request(.queueDelete(queue: test.queue, ifUnused: false, ifEmpty: false), .queueDeleteOK)
        }
        await connection.close()
        if let failure { throw failure }
    }

    private init(connection: AMQPConnection, channel: AMQPLinkChannel) {
        self.connection = connection
        self.channel = channel
    }

    static func open(on connection: AMQPConnection) async throws(AMQPError) -> AMQPLinkChannel {
        try await connection.eventLoop.flatSubmit {
            connection.link?.openChannel()
                ?? connection.eventLoop.makeFailedFuture(AMQPError(.connectionLost, "there is no link"))
        }.value()
    }

    /// A second channel of the same connection, with the same queue's name left to the caller.
    func another() async throws(AMQPError) -> AMQPTestChannel {
        AMQPTestChannel(connection: self.connection, channel: try await Self.open(on: self.connection))
    }

    /// Does something on the loop.
    func onLoop<Value: Sendable>(
        _ body: @escaping @Sendable (AMQPLinkChannel) -> EventLoopFuture<Value>
    ) async throws(AMQPError) -> Value {
        try await self.connection.eventLoop.flatSubmit { body(self.channel) }.value()
    }

    /// Does something on the loop that may throw.
    func perform(_ body: @escaping @Sendable (AMQPLinkChannel) throws -> Void) async throws {
        try await self.connection.eventLoop.submit { try body(self.channel) }.get()
    }

    @discardableResult
    func request(
        _ method: ClientMethod, _ expectation: ChannelStateMachine<AMQPLinkChannel.Waiter>.Expectation
    ) async throws(AMQPError) -> AMQPLinkChannel.Reply {
        try await self.onLoop { $0.request(method, expecting: expectation) }
    }

    @discardableResult
    func declareQueue(
        _ declaration: AMQPQueueDeclaration? = nil, passive: Bool = false
    ) async throws -> ServerMethod.QueueDeclareOK {
        let declaration = declaration ?? AMQPQueueDeclaration(name: self.queue, isDurable: false)
        let reply = try await self.request(.queueDeclare(declaration, passive: passive), .queueDeclareOK)
        guard case .method(.queueDeclareOK(let ok)) = reply else { throw Unexpected(what: "\(reply)") }
        return ok
    }

    /// Waits until that many messages are ready: a queue takes an unconfirmed publish a little after the channel does.
    func waitForMessages(_ count: UInt32) async throws {
        while try await self.declareQueue(.init(name: self.queue), passive: true).messageCount != count {
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    func publish(
        _ body: ByteBuffer, to routingKey: String? = nil, exchange: String = "", _ properties: AMQPProperties = .init()
    ) async throws {
        let key = AMQPShortString(routingKey ?? self.queue)
        try await self.perform {
            try $0.publish(
                exchange: AMQPShortString(exchange), routingKey: key, isMandatory: false, properties: properties,
                body: body)
        }
    }

    func publish(_ text: String, to routingKey: String? = nil, exchange: String = "") async throws {
        try await self.publish(ByteBuffer(string: text), to: routingKey, exchange: exchange)
    }

    /// Asks for one message until there is one.
    func fetch(noAck: Bool = true) async throws -> AMQPFetchedMessage {
        while true {
            if let message = try await self.get(noAck: noAck) { return message }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    func get(noAck: Bool = true) async throws -> AMQPFetchedMessage? {
        let queue = self.queue
        let reply = try await self.request(.basicGet(queue: queue, noAck: noAck), .get)
        if case .message(let message) = reply { return message }
        return nil
    }

    /// The deliveries of a new consumer; the stream ends when the broker cancels it.
    func consume(noAck: Bool = false, tag: AMQPShortString = "") async throws -> (
        tag: AMQPShortString, deliveries: AsyncStream<AMQPDelivery>
    ) {
        let (stream, continuation) = AsyncStream.makeStream(of: AMQPDelivery.self)
        let consumption = AMQPConsumption(queue: self.queue, consumerTag: tag, noAck: noAck)
        let tag = try await self.onLoop { channel in
            channel.consume(
                consumption, deliver: { continuation.yield($0) }, cancelled: { continuation.finish() })
        }
        return (tag, stream)
    }

    struct Unexpected: Error {
        let what: String
    }
}

extension AsyncStream {
    /// The first elements.
    func first(_ count: Int) async -> [Element] {
        var elements: [Element] = []
        guard count > 0 else { return elements }
        for await element in self {
            elements.append(element)
            if elements.count == count { break }
        }
        return elements
    }
}
