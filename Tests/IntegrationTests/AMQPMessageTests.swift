import AMQP
import NIOCore
import TestSupport
import Testing

/// Publishing, consuming and acknowledging against a real RabbitMQ.
@Suite(.timeLimit(.minutes(1))) struct AMQPMessageTests {
    @Test func everyPropertyAndFieldTypeTravelsThroughTheBroker() async throws {
        var properties = AMQPProperties()
        properties.contentType = "application/json"
        properties.contentEncoding = "identity"
        // uint64 ("L") has a test of its own.
        properties.headers = [
            "bool": true, "int8": .int8(.min), "uint8": .uint8(.max), "int16": .int16(.min), "uint16": .uint16(.max),
            "int32": .int32(.min), "uint32": .uint32(.max), "int64": .int64(.min), "float": .float(1.5),
            "double": .double(-0.1), "decimal": .decimal(scale: 3, unscaled: 12_345), "string": "Grüße", "empty": "",
            "bytes": .bytes(ByteBuffer(bytes: [0, 255, 0xCE])), "timestamp": .timestamp(1_763_700_000), "null": nil,
            "array": [1, "two", [nil, ["in": 3]], []], "table": ["x": ["y": [:]]],
        ]
        properties.deliveryMode = 1
        properties.priority = 3
        properties.correlationID = AMQPShortString(bytes: ByteBuffer(bytes: [0, 0xFF, 1]))
        properties.replyTo = "somebody"
        properties.expiration = "60000"
        properties.messageID = AMQPShortString(String(repeating: "m", count: 255))
        properties.timestamp = 1_763_700_000
        properties.type = "invocation"
        properties.userID = AMQPShortString(try IntegrationBroker.configuration().username)
        properties.appID = "tests"
        properties.clusterID = "cluster"
        try await AMQPTestChannel.run { [properties] test in
            try await test.publish(ByteBuffer(string: "x"), properties)
            var received = try await test.fetch().properties
            // RabbitMQ 4 puts them in the order of their keys.
            let back = try #require(received.headers).sorted { $0.key < $1.key }
            #expect(back == properties.headers?.sorted { $0.key < $1.key })
            received.headers = properties.headers
            #expect(received == properties)
            try await test.publish(ByteBuffer(string: "y"))
            #expect(try await test.fetch().properties == AMQPProperties())
        }
    }

    /// AMQP 0-9-1 has `L`, RabbitMQ's own dialect has not: an older one ends the connection over it, a newer one hands it on as
    /// `l`. Either is told to the caller; what must not be is another number.
    @Test func anUnsigned64BitNumberKeepsItsValueOrIsRefused() async throws {
        let connection = try await IntegrationBroker.connect()
        let channel = try await connection.openChannel()
        try await channel.selectConfirms()
        let queue = try await channel.declareQueue(.serverNamedExclusive)
        let properties = AMQPProperties(contentType: nil, headers: ["number": .uint64(1 << 62)])
        do throws(AMQPError) {
            try await channel.publishConfirmed(
                AMQPMessage("x", properties: properties), routingKey: AMQPShortString(queue.name))
            let message = try await channel.get(queue: queue.name, noAck: true)
            #expect(message?.properties.headers?["number"]?.integerValue == 1 << 62)
        } catch {
            #expect([.connectionClosed, .connectionLost].contains(error.code) && error.isServerInitiated, "\(error)")
        }
        await connection.close()
    }

    @Test func bodiesOfEverySizeTravelThroughTheBroker() async throws {
        try await AMQPTestChannel.run { test in
            let (_, deliveries) = try await test.consume(noAck: true)
            let sizes = [0, 1, 16_384, 16_385, 131_063, 131_064, 131_065, 131_072, 262_128, 5_000_000]
            for (index, size) in sizes.enumerated() {
                try await test.publish(ByteBuffer(repeating: UInt8(index + 1), count: size))
            }
            let bodies = await deliveries.first(sizes.count).map(\.body)
            #expect(bodies.map(\.readableBytes) == sizes)
            for (index, body) in bodies.enumerated() {
                #expect(body == ByteBuffer(repeating: UInt8(index + 1), count: sizes[index]))
            }
        }
    }

    @Test func prefetchAckNackRejectAndRecoverDoWhatTheySay() async throws {
        try await AMQPTestChannel.run { test in
            try await test.request(.basicQos(prefetchCount: 2, isGlobal: false), .qosOK)
            for text in ["a", "b", "c", "d"] { try await test.publish(text) }
            try await test.waitForMessages(4)
            let (tag, deliveries) = try await test.consume()
            var next = deliveries.makeAsyncIterator()
            func take() async throws -> (text: String, delivery: AMQPDelivery) {
                guard let delivery = await next.next() else { throw AMQPTestChannel.Unexpected(what: "no delivery") }
                return (String(buffer: delivery.body), delivery)
            }
            let a = try await take()
            let b = try await take()
            #expect([a.text, b.text] == ["a", "b"])
            #expect(!a.delivery.isRedelivered)
            #expect(a.delivery.consumerTag == tag)
            // Two are unacknowledged: the third stays in the queue.
            #expect(String(buffer: try await test.fetch().body) == "c")
            try await test.perform { try $0.nack(a.delivery.deliveryTag, requeue: true) }
            let again = try await take()
            #expect(again.text == "a")
            #expect(again.delivery.isRedelivered)
            try await test.perform { try $0.reject(b.delivery.deliveryTag, requeue: false) }
            let d = try await take()
            #expect(d.text == "d")
            try await test.request(.basicRecover(requeue: true), .recoverOK)
            let recovered = [try await take(), try await take()]
            #expect(Set(recovered.map(\.text)) == ["a", "d"])
            #expect(recovered.allSatisfy { $0.delivery.isRedelivered })
            let last = recovered.map(\.delivery.deliveryTag).max() ?? 0
            try await test.perform { try $0.ack(last, multiple: true) }
            _ = try await test.onLoop { $0.cancel(tag) }
            try await test.waitForMessages(0)
        }
    }

    @Test func afterOurCancelNothingMoreIsDelivered() async throws {
        try await AMQPTestChannel.run { test in
            let (tag, deliveries) = try await test.consume(noAck: true, tag: "mine")
            #expect(tag == "mine")
            try await test.publish("one")
            #expect(await deliveries.first(1).count == 1)
            try await test.onLoop { $0.cancel(tag) }
            try await test.publish("two")
            #expect(String(buffer: try await test.fetch().body) == "two")
            // The name is free again.
            #expect(try await test.consume(tag: "mine").tag == "mine")
        }
    }

    @Test func aDeletedQueueCancelsItsConsumer() async throws {
        try await AMQPTestChannel.run { test in
            let (_, deliveries) = try await test.consume()
            try await test.request(.queueDelete(queue: test.queue, ifUnused: false, ifEmpty: false), .queueDeleteOK)
            for await _ in deliveries { Issue.record("nothing was published") }
        }
    }

    @Test func tenThousandPublishesAreConfirmed() async throws {
        try await AMQPTestChannel.run { test in
            try await test.onLoop { $0.selectConfirms() }
            let outcomes = try await Self.publish(10_000, on: test) { _ in test.queue }
            #expect(outcomes.count == 10_000)
            #expect(outcomes.allSatisfy { $0.outcome == .confirmed })
            #expect(try await test.declareQueue(.init(name: test.queue), passive: true).messageCount == 10_000)
        }
    }

    @Test func aReturnIsMatchedWithItsPublishAmongConfirmedOnes() async throws {
        try await AMQPTestChannel.run { test in
            try await test.onLoop { $0.selectConfirms() }
            let nobody = test.queue + "-nobody"
            let outcomes = try await Self.publish(300, on: test) { $0 % 3 == 0 ? nobody : test.queue }
            #expect(outcomes.count == 300)
            for (index, outcome) in outcomes {
                if index % 3 == 0 {
                    #expect(outcome == .returned(replyCode: 312, replyText: "NO_ROUTE"))
                } else {
                    #expect(outcome == .confirmed)
                }
            }
        }
    }

    /// Publishes numbered mandatory messages in one turn of the loop, and waits for every outcome.
    private static func publish(
        _ count: Int, on test: AMQPTestChannel, to queue: @escaping @Sendable (Int) -> String
    ) async throws -> [(index: Int, outcome: PublishOutcome)] {
        let (stream, continuation) = AsyncStream.makeStream(of: (index: Int, outcome: PublishOutcome).self)
        try await test.perform { channel in
            for index in 0..<count {
                try channel.publish(
                    exchange: "", routingKey: AMQPShortString(queue(index)), isMandatory: true, properties: .init(),
                    body: ByteBuffer(string: "message \(index)")
                ) { result in
                    if case .success(let outcome) = result { continuation.yield((index, outcome)) }
                }
            }
        }
        return await stream.first(count)
    }

    @Test func aFullQueueThatRejectsPublishesNacksThem() async throws {
        try await AMQPTestChannel.run(declare: false) { test in
            try await test.declareQueue(
                .init(
                    name: test.queue, isDurable: false,
                    arguments: ["x-max-length": 1, "x-overflow": "reject-publish"]))
            try await test.onLoop { $0.selectConfirms() }
            for expected in [PublishOutcome.confirmed, .nacked] {
                let outcomes = try await Self.publish(1, on: test) { _ in test.queue }
                #expect(outcomes.map(\.outcome) == [expected])
            }
        }
    }
}
