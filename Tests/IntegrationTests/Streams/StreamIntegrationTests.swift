import AMQP
import AMQPRPC
import LambdaAMQP
import NIOCore
import TestSupport
import Testing

/// Streamed answers through a real RabbitMQ: the client of `LambdaAMQP` and the daemon's consumer.
@Suite(.timeLimit(.minutes(2))) struct StreamIntegrationTests {
    /// Reads a stream to its end: how many bytes came, and the outcome.
    private func read(_ stream: InvocationStream) async throws -> (byteCount: Int, result: InvocationResult?) {
        var byteCount = 0
        var result: InvocationResult?
        for try await event in stream {
            switch event {
            case .chunk(let bytes): byteCount += bytes.readableBytes
            case .complete(let outcome): result = outcome
            }
        }
        return (byteCount, result)
    }

    @Test func chunksAndThenTheOutcomeArrive() async throws {
        try await StreamingSetUp.with { test in
            let stream = try await test.stream("chunks 10 1000")
            #expect(stream.contentType == "text/plain")
            let (byteCount, result) = try await self.read(stream)
            #expect(byteCount == 10_000)
            #expect(result?.functionError == nil)
            #expect(result?.executedVersion == "$LATEST")
            #expect(result?.requestID?.count == 36)
            #expect(result?.payload.readableBytes == 0)
        }
    }

    @Test func twentyMegabytesPassThroughASmallWindow() async throws {
        try await StreamingSetUp.with { test in
            let stream = try await test.stream("chunks 320 65536", window: 100_000)
            #expect(try await self.read(stream).byteCount == 20 * 1024 * 1024)
        }
    }

    /// The broker rewrites the `reply_to` of the request and of the credit; both have to mean the same caller.
    @Test func aStreamComesThroughDirectReplyToAsWell() async throws {
        try await StreamingSetUp.with(replyQueue: .direct) { test in
            let stream = try await test.stream("chunks 100 10000", window: 50_000)
            #expect(try await self.read(stream).byteCount == 1_000_000)
        }
    }

    @Test func theFunctionMakesNoMoreThanItsCallerGaveCreditFor() async throws {
        try await StreamingSetUp.with { test in
            let stream = try await test.stream("chunks 100 1000", window: 10_000)
            var iterator = stream.makeAsyncIterator()
            // Five chunks are half a window: then the caller gives credit for five more, and for nothing else.
            for _ in 0..<5 { _ = try await iterator.next() }
            // A second stream, from beginning to end, shows that all that was to happen to the first has happened.
            let other = try await test.stream("chunks 3 1000", window: 10_000)
            #expect(try await self.read(other).byteCount == 3000)
            // One chunk is made ahead, and waits.
            #expect(try await test.madeByteCount() <= 16_000 + 3000)
            var byteCount = 5000
            while let event = try await iterator.next() {
                if case .chunk(let bytes) = event { byteCount += bytes.readableBytes }
            }
            #expect(byteCount == 100_000)
        }
    }

    @Test func aWholeAnswerIsChunksOfTheWindow() async throws {
        try await StreamingSetUp.with { test in
            let (byteCount, result) = try await self.read(test.stream("whole 6291556", window: 1_000_000))
            #expect(byteCount == 6_291_556)
            #expect(result?.functionError == nil)
            #expect(try await self.read(test.stream("whole 0")).byteCount == 0)
        }
    }

    @Test func anErrorInMidStreamComesWithItsDocument() async throws {
        try await StreamingSetUp.with { test in
            let (byteCount, result) = try await self.read(test.stream("chunks 3 10 fails"))
            #expect(byteCount == 30)
            #expect(result?.functionError?.kind == "Unhandled")
            #expect(result.map { String(buffer: $0.payload) } == #"{"errorType":"E"}"#)
        }
    }

    @Test func anErrorBeforeTheFirstByteIsTheOutcome() async throws {
        try await StreamingSetUp.with { test in
            let (byteCount, result) = try await self.read(test.stream("fails"))
            #expect(byteCount == 0)
            #expect(result?.functionError?.kind == "Unhandled")
        }
    }

    @Test func whatIsRefusedBeforeItRunsIsThrownByTheCall() async throws {
        try await StreamingSetUp.with { test in
            let refused = await #expect(throws: LambdaError.self) {
                try await test.client.invokeWithResponseStream(test.name, payload: ByteBuffer(string: "nonsense"))
            }
            #expect(refused?.code == .badRequest)
            let unknown = await #expect(throws: LambdaError.self) {
                try await test.client.invokeWithResponseStream("no-such-function", payload: ByteBuffer())
            }
            #expect(unknown?.code == .notDeployed)
        }
    }

    /// Speaks the wire contract by hand, as a client in any language may.
    @Test func aCallerWhoGivesNoMoreCreditIsToldAfterTheFunctionsTimeout() async throws {
        try await StreamingSetUp.with(patience: .seconds(8)) { test in
            let channel = try await test.caller.openChannel()
            let replies = try await channel.declareQueue(.serverNamedExclusive).name
            var properties = AMQPProperties(
                contentType: nil, headers: ["X-Amz-Response-Mode": "streaming", "X-Lambda-Stream-Credit": 100])
            properties.replyTo = AMQPShortString(replies)
            properties.correlationID = AMQPShortString(bytes: ByteBuffer(bytes: [0, 0xFF]))
            let request = AMQPMessage(#""whole 1000""#, properties: properties)
            let messages = try await channel.consume(AMQPConsumption(queue: replies, noAck: true))
            try await channel.publish(request, routingKey: AMQPShortString(test.name))
            var iterator = messages.makeAsyncIterator()

            let first = try #require(try await iterator.next())
            #expect(first.body.readableBytes == 100)
            #expect(first.properties.correlationID == properties.correlationID)
            #expect(first.properties.headers?["X-Lambda-Stream-Sequence"]?.integerValue == 0)
            #expect(first.properties.headers?["X-Lambda-Attempt"]?.integerValue == 0)

            var credit = AMQPProperties(contentType: nil, headers: ["X-Lambda-Stream-Credit": "250"])
            credit.correlationID = properties.correlationID
            let creditQueue = try #require(first.properties.replyTo)
            try await channel.publish(AMQPMessage(ByteBuffer(), properties: credit), routingKey: creditQueue)
            let second = try #require(try await iterator.next())
            #expect(second.body.readableBytes == 250)
            #expect(second.properties.headers?["X-Lambda-Stream-Sequence"]?.integerValue == 1)

            let end = try #require(try await iterator.next())
            #expect(end.properties.headers?["X-Lambda-Stream-Sequence"]?.integerValue == 2)
            #expect(end.properties.headers?["X-Lambda-Stream-End"] == true)
            #expect(end.properties.headers?["StatusCode"]?.integerValue == 408)
            #expect(end.properties.headers?["X-Amzn-ErrorType"]?.stringValue == "NoAnswerException")
        }
    }

    /// Two callers with one correlation id: credit that names its caller is that caller's alone.
    @Test func creditOfACallerIsNotTakenForAnothersWithTheSameID() async throws {
        try await StreamingSetUp.with { test in
            let channel = try await test.caller.openChannel()
            var callers: [(queue: String, messages: AMQPConsumer.AsyncIterator)] = []
            for _ in 0..<2 {
                let queue = try await channel.declareQueue(.serverNamedExclusive).name
                let messages = try await channel.consume(AMQPConsumption(queue: queue, noAck: true))
                callers.append((queue, messages.makeAsyncIterator()))
                var properties = AMQPProperties(
                    contentType: nil, headers: ["X-Amz-Response-Mode": "streaming", "X-Lambda-Stream-Credit": 10])
                properties.replyTo = AMQPShortString(queue)
                properties.correlationID = "1"
                let request = AMQPMessage(#""whole 20""#, properties: properties)
                try await channel.publish(request, routingKey: AMQPShortString(test.name))
            }
            var creditQueue: AMQPShortString?
            for index in 0..<2 {
                let chunk = try #require(try await callers[index].messages.next())
                #expect(chunk.body.readableBytes == 10)
                creditQueue = chunk.properties.replyTo
            }
            // The second caller first: its stream goes on, the other's does not, as its end shows it.
            for index in [1, 0] {
                var credit = AMQPProperties(contentType: nil, headers: ["X-Lambda-Stream-Credit": 10])
                credit.correlationID = "1"
                credit.replyTo = AMQPShortString(callers[index].queue)
                try await channel.publish(
                    AMQPMessage(ByteBuffer(), properties: credit), routingKey: try #require(creditQueue))
                let chunk = try #require(try await callers[index].messages.next())
                #expect(chunk.body.readableBytes == 10)
                let end = try #require(try await callers[index].messages.next())
                #expect(end.properties.headers?["X-Lambda-Stream-End"] == true)
            }
        }
    }

    @Test func aSlowReaderSlowsNobodyElse() async throws {
        try await StreamingSetUp.with { test in
            let slow = try await test.stream("chunks 1000 10000", window: 10_000)
            for _ in 0..<5 {
                #expect(try await self.read(test.stream("chunks 100 10000")).byteCount == 1_000_000)
            }
            #expect(try await self.read(slow).byteCount == 10_000_000)
        }
    }

    @Test func aStreamThatIsLeftIsForgotten() async throws {
        try await StreamingSetUp.with { test in
            for try await event in try await test.stream("chunks 100 1000", window: 5000) {
                if case .chunk = event { break }
            }
            try await waitUntil { try await test.callCount() == 0 }
            let task = Task { try await self.read(test.stream("chunks 100000 1000", window: 5000)) }
            try await waitUntil { try await test.madeByteCount() >= 50_000 }
            task.cancel()
            let error = await #expect(throws: LambdaError.self) { try await task.value }
            #expect(error?.code == .cancelled)
            #expect(try await self.read(test.stream("chunks 3 10")).byteCount == 30)
        }
    }

    @Test func aDaemonWhoseConnectionGoesInMidStreamBreaksItAndServesTheNextOne() async throws {
        var configuration = try IntegrationBroker.configuration()
        let broker = configuration.endpoints[0]
        let proxy = try await TCPProxy(to: broker.host, broker.port)
        configuration.endpoints = [AMQPEndpoint(host: "127.0.0.1", port: proxy.port)]
        try await StreamingSetUp.with(daemon: configuration) { test in
            let stream = try await test.stream("chunks 100000 1000", window: 5000)
            var iterator = stream.makeAsyncIterator()
            _ = try await iterator.next()
            proxy.cut()
            // The broker gives the request to the daemon again: a second attempt in the middle of the first.
            let error = await #expect(throws: LambdaError.self) {
                while try await iterator.next() != nil {}
            }
            #expect(error?.code == .noAnswer)
            #expect(error?.mayHaveExecuted == true)
            #expect(try await self.read(test.stream("chunks 3 10")).byteCount == 30)
        }
        try await proxy.stop()
    }
}
