import AMQP
import Foundation
import NIOCore
import TestSupport
import Testing

/// Exchanges, bindings and refusals by the public face of a channel, against a real RabbitMQ.
@Suite(.timeLimit(.minutes(1))) struct AMQPChannelTopologyTests {
    private let name = "test-topology-\(UUID().uuidString)"

    private var key: AMQPShortString { AMQPShortString(self.name) }

    private func exchange(_ suffix: String = "") -> String { self.name + suffix }

    /// Runs `body` with a confirming channel; what it declares is exclusive, or deleted by itself.
    private func withChannel(_ body: (AMQPChannel, AMQPConnection) async throws -> Void) async throws {
        let connection = try await IntegrationBroker.connect()
        let channel = try await connection.openChannel()
        try await channel.selectConfirms()
        try await body(channel, connection)
        await connection.close()
    }

    private func declareQueue(_ channel: AMQPChannel, arguments: AMQPTable = [:]) async throws {
        try await channel.declareQueue(
            AMQPQueueDeclaration(name: self.name, isExclusive: true, arguments: arguments))
    }

    private func text(_ message: AMQPFetchedMessage?) -> String? { message.map { String(buffer: $0.body) } }

    @Test func aBindingBetweenExchangesRoutesUntilItIsTakenAway() async throws {
        try await self.withChannel { channel, _ in
            for (suffix, type) in [("-in", "topic"), ("-out", "fanout")] {
                try await channel.declareExchange(
                    AMQPExchangeDeclaration(
                        name: self.exchange(suffix), type: type, isDurable: false, isAutoDelete: suffix == "-out"))
            }
            try await self.declareQueue(channel)
            try await channel.bind(AMQPQueueBinding(queue: self.name, exchange: self.exchange("-out")))
            let binding = AMQPExchangeBinding(
                destination: self.exchange("-out"), source: self.exchange("-in"), routingKey: "tea.*")
            try await channel.bind(binding)
            func publish(_ routingKey: AMQPShortString) async throws(AMQPError) {
                try await channel.publishConfirmed(
                    AMQPMessage(routingKey.string), to: AMQPShortString(self.exchange("-in")), routingKey: routingKey)
            }
            try await publish("tea.green")
            let unroutable = await #expect(throws: AMQPError.self) { try await publish("coffee.black") }
            #expect(unroutable?.code == .unroutable)
            #expect(self.text(try await channel.get(queue: self.name, noAck: true)) == "tea.green")
            try await channel.unbind(binding)
            let unbound = await #expect(throws: AMQPError.self) { try await publish("tea.green") }
            #expect(unbound?.code == .unroutable)
            try await channel.deleteExchange(self.exchange("-in"))
        }
    }

    @Test func whatNoQueueTakesGoesToTheAlternateExchangeAndNobodyPublishesToAnInternalOne() async throws {
        try await self.withChannel { channel, connection in
            try await channel.declareExchange(
                AMQPExchangeDeclaration(
                    name: self.exchange("-rest"), type: "fanout", isDurable: false, isAutoDelete: true, isInternal: true))
            try await self.declareQueue(channel)
            try await channel.bind(AMQPQueueBinding(queue: self.name, exchange: self.exchange("-rest")))
            try await channel.declareExchange(
                AMQPExchangeDeclaration(
                    name: self.exchange(), type: "direct", isDurable: false,
                    arguments: ["alternate-exchange": .string(self.exchange("-rest"))]))
            try await channel.publishConfirmed(AMQPMessage("lost"), to: self.key, routingKey: "nobody")
            #expect(self.text(try await channel.get(queue: self.name, noAck: true)) == "lost")
            let other = try await connection.openChannel()
            try await other.selectConfirms()
            let refused = await #expect(throws: AMQPError.self) {
                try await other.publishConfirmed(
                    AMQPMessage("x"), to: AMQPShortString(self.exchange("-rest")), routingKey: "")
            }
            #expect(refused?.replyCode == .accessRefused)
            try await channel.deleteExchange(self.exchange())
        }
    }

    @Test func anExchangeIsCheckedAndDeletedOnlyWhereItIsNotUsed() async throws {
        try await self.withChannel { channel, connection in
            try await channel.declareExchange(
                AMQPExchangeDeclaration(name: self.exchange(), type: "fanout", isDurable: false))
            try await channel.checkExchange(self.exchange())
            try await self.declareQueue(channel)
            let binding = AMQPQueueBinding(queue: self.name, exchange: self.exchange())
            try await channel.bind(binding)
            let other = try await connection.openChannel()
            let inUse = await #expect(throws: AMQPError.self) {
                try await other.deleteExchange(self.exchange(), ifUnused: true)
            }
            #expect(inUse?.code == .channelClosed && inUse?.replyCode == .preconditionFailed)
            try await channel.unbind(binding)
            try await channel.deleteExchange(self.exchange(), ifUnused: true)
            let missing = await #expect(throws: AMQPError.self) { try await channel.checkExchange(self.exchange()) }
            #expect(missing?.replyCode == .notFound)
        }
    }

    @Test func oneAcknowledgementMayBeForAllBeforeAndOneRefusalToo() async throws {
        try await self.withChannel { channel, connection in
            try await self.declareQueue(channel)
            let batch = (0..<6).map { AMQPPublishing(AMQPMessage("\($0)"), routingKey: self.key) }
            #expect(await channel.publishConfirmed(batch).isEmpty)
            let reader = try await connection.openChannel()
            let consumer = try await reader.consume(AMQPConsumption(queue: self.name))
            var messages = consumer.makeAsyncIterator()
            var deliveries: [AMQPDelivery] = []
            for _ in 0..<6 { deliveries.append(try #require(try await messages.next())) }
            #expect(try await reader.ack(deliveries[2], multiple: true))
            // Both go back, and come again to the same reader.
            #expect(try await reader.nack(deliveries[4], multiple: true, requeue: true))
            #expect(try await reader.reject(deliveries[5], requeue: true))
            var again: Set<String> = []
            for _ in 0..<3 {
                let delivery = try #require(try await messages.next())
                #expect(delivery.isRedelivered)
                again.insert(String(buffer: delivery.body))
                #expect(try await reader.reject(delivery, requeue: false))
            }
            #expect(again == ["3", "4", "5"])
            #expect(try await channel.checkQueue(self.name).messageCount == 0)
        }
    }

    @Test func whatIsUnacknowledgedIsDeliveredAgainWhereThatIsAskedFor() async throws {
        try await self.withChannel { channel, connection in
            try await self.declareQueue(channel)
            try await channel.publishConfirmed(AMQPMessage("tea"), routingKey: self.key)
            let reader = try await connection.openChannel()
            let first = try #require(try await reader.get(queue: self.name))
            #expect(!first.isRedelivered)
            try await reader.recover()
            let again = try #require(try await reader.get(queue: self.name))
            #expect(again.isRedelivered && self.text(again) == "tea")
            #expect(try await reader.ack(again))
        }
    }

    @Test func aQueueThatTheBrokerNamedIsKnownByEveryNameItHad() async throws {
        try await self.withChannel { channel, connection in
            let first = try await channel.declareQueue(AMQPQueueDeclaration(name: "", isExclusive: true)).name
            #expect(await channel.currentName(ofQueue: first) == first)
            try await connection.eventLoop.submit {
                connection.link?.abort(AMQPError(.connectionLost, "cut by the test"))
            }.get()
            try await waitUntil { await channel.currentName(ofQueue: first) != first }
            try await waitUntil { if case .connected = connection.state { true } else { false } }
            let second = await channel.currentName(ofQueue: first)
            #expect(try await channel.checkQueue(second).messageCount == 0)
            #expect(await channel.currentName(ofQueue: "any other") == "any other")
        }
    }
}
