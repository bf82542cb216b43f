import AMQP
import NIOCore
import TestSupport
import Testing

/// Queues, exchanges and channel errors against a real RabbitMQ.
@Suite(.timeLimit(.minutes(1))) struct AMQPTopologyTests {
    @Test func aQueueIsDeclaredPurgedAndDeleted() async throws {
        try await AMQPTestChannel.run { test in
            for text in ["one", "two"] { try await test.publish(text) }
            try await test.waitForMessages(2)
            let declared = try await test.declareQueue(.init(name: test.queue), passive: true)
            #expect(declared.queue.string == test.queue)
            #expect(declared.messageCount == 2)
            #expect(declared.consumerCount == 0)
            guard case .method(.queuePurgeOK(2)) = try await test.request(.queuePurge(queue: test.queue), .queuePurgeOK)
            else {
                Issue.record("two messages were to be purged")
                return
            }
            #expect(try await test.get() == nil)
            try await test.request(.queueDelete(queue: test.queue, ifUnused: true, ifEmpty: true), .queueDeleteOK)
            await #expect(throws: AMQPError.self) {
                try await test.declareQueue(.init(name: test.queue), passive: true)
            }
        }
    }

    @Test func theBrokerNamesAQueueThatHasNoName() async throws {
        try await AMQPTestChannel.run(declare: false) { test in
            let declared = try await test.declareQueue(.init(name: "", isDurable: false, isExclusive: true))
            #expect(declared.queue.string.hasPrefix("amq.gen-"))
        }
    }

    @Test func exchangesAreBoundToQueuesAndToEachOther() async throws {
        try await AMQPTestChannel.run { test in
            let (source, target) = (test.queue + "-source", test.queue + "-target")
            try await test.request(
                .exchangeDeclare(.init(name: source, type: "topic", isDurable: false), passive: false),
                .exchangeDeclareOK)
            try await test.request(
                .exchangeDeclare(.init(name: target, type: "fanout", isDurable: false), passive: false),
                .exchangeDeclareOK)
            try await test.request(
                .exchangeDeclare(.init(name: target, type: "fanout"), passive: true), .exchangeDeclareOK)
            let binding = AMQPExchangeBinding(destination: target, source: source, routingKey: "a.*")
            try await test.request(.exchangeBind(binding), .exchangeBindOK)
            let queueBinding = AMQPQueueBinding(queue: test.queue, exchange: target, arguments: ["x": 1])
            try await test.request(.queueBind(queueBinding), .queueBindOK)
            try await test.publish("lost", to: "b.c", exchange: source)
            try await test.publish("found", to: "a.c", exchange: source)
            let message = try await test.fetch()
            #expect(String(buffer: message.body) == "found")
            #expect(message.exchange.string == source)
            #expect(message.messageCount == 0)
            try await test.request(.queueUnbind(queueBinding), .queueUnbindOK)
            try await test.request(.exchangeUnbind(binding), .exchangeUnbindOK)
            for exchange in [source, target] {
                try await test.request(.exchangeDelete(exchange: exchange, ifUnused: true), .exchangeDeleteOK)
            }
        }
    }

    @Test func aChannelErrorSaysWhyAndLeavesTheConnectionOpen() async throws {
        try await AMQPTestChannel.run { test in
            let missing = try await test.another()
            let notFound = await #expect(throws: AMQPError.self) {
                try await missing.request(.queuePurge(queue: "integration-there-is-none"), .queuePurgeOK)
            }
            #expect(notFound?.code == .channelClosed)
            #expect(notFound?.replyCode == .notFound)
            #expect(notFound?.isServerInitiated == true)
            let differing = try await test.another()
            let failed = await #expect(throws: AMQPError.self) {
                try await differing.declareQueue(.init(name: test.queue, isDurable: true))
            }
            #expect(failed?.replyCode == .preconditionFailed)
            let reserved = try await test.another()
            let refused = await #expect(throws: AMQPError.self) {
                try await reserved.declareQueue(.init(name: "amq.reserved"))
            }
            #expect(refused?.code == .accessRefused)
            #expect(refused?.replyCode == .accessRefused)
            // An unknown delivery tag closes the channel after the fact.
            let acking = try await test.another()
            try await acking.perform { try $0.ack(99) }
            let unknown = await #expect(throws: AMQPError.self) {
                try await acking.request(.basicQos(prefetchCount: 1, isGlobal: false), .qosOK)
            }
            #expect(unknown?.replyCode == .preconditionFailed)
            try await test.publish("still open")
            #expect(String(buffer: try await test.fetch().body) == "still open")
        }
    }

    @Test func aCloseThatCrossesTheBrokersLeavesTheConnectionOpen() async throws {
        try await AMQPTestChannel.run { test in
            for _ in 0..<20 {
                let crossing = try await test.another()
                try await crossing.publish("lost", to: "x", exchange: "integration-no-such-exchange")
                try? await crossing.onLoop { $0.close() }
            }
            try await test.publish("still open")
            #expect(String(buffer: try await test.fetch().body) == "still open")
        }
    }

    private func connectError(_ configuration: AMQPConfiguration) async -> AMQPError? {
        do {
            try await IntegrationBroker.connect(configuration).close()
            return nil
        } catch {
            return error as? AMQPError
        }
    }

    @Test func aRefusedLoginAndAnUnknownVirtualHostAreToldApart() async throws {
        var configuration = try IntegrationBroker.configuration()
        configuration.password = "wrong"
        let login = await self.connectError(configuration)
        #expect(login?.code == .accessRefused)
        #expect(login.map { "\($0)".contains("wrong") } == false)
        configuration = try IntegrationBroker.configuration()
        configuration.virtualHost = "integration-no-such-vhost"
        let host = await self.connectError(configuration)
        #expect(host?.code == .vhostNotFound)
        #expect(host?.message.contains("integration-no-such-vhost") == true)
    }
}
