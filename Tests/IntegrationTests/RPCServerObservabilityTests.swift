import AMQP
import AMQPRPC
import CoreMetrics
import InMemoryTracing
import Logging
import MetricsTestKit
import NIOConcurrencyHelpers
import NIOCore
import TestSupport
import Testing
import Tracing

/// Spans, metrics and log lines of a server and of a client's streams, through the broker.
@Suite(.timeLimit(.minutes(2))) struct RPCServerObservabilityTests {
    // The caller's and the server's, as in two processes.
    private let callers = InMemoryTracer(idGenerator: Self.ids("c"))
    private let tracer = InMemoryTracer(idGenerator: Self.ids("s"))
    private let metrics = TestMetrics()

    private static func ids(_ prefix: String) -> InMemoryTracer.IDGenerator {
        let count = NIOLockedValueBox(0)
        let next: @Sendable () -> String = {
            count.withLockedValue {
                $0 += 1
                return "\(prefix)\($0)"
            }
        }
        return InMemoryTracer.IDGenerator(nextTraceID: next, nextSpanID: next)
    }

    private var client: RPCClientConfiguration {
        RPCClientConfiguration(observability: RPCObservability(tracer: self.callers, metrics: self.metrics))
    }

    private func server(_ test: RPCSetUp, logger: Logger? = nil) -> RPCServerConfiguration {
        RPCServerConfiguration(
            queue: test.queue, concurrency: 8, allowsStreams: true, logger: logger,
            observability: RPCObservability(tracer: self.tracer, metrics: self.metrics))
    }

    private func clientCount(_ test: RPCSetUp, _ operation: String, _ outcome: String) -> Int64 {
        self.count("amqp_rpc_client_calls", test, operation, outcome)
    }

    private func serverCount(_ test: RPCSetUp, _ outcome: String) -> Int64 {
        self.count("amqp_rpc_server_requests", test, "process", outcome)
    }

    private func count(_ label: String, _ test: RPCSetUp, _ operation: String, _ outcome: String) -> Int64 {
        self.metrics.counterTotal(
            label: label, dimensions: [("queue", test.queue.name), ("operation", operation), ("outcome", outcome)])
    }

    // MARK: The server

    @Test func theServersSpanIsAChildOfItsCallersAndTheHandlersTaskIsInIt() async throws {
        try await RPCSetUp.run(client: self.client) { test in
            try await test.whileServing(self.server(test)) { context in
                self.tracer.withSpan("within") { _ in .reply(RPCReply(body: context.body)) }
            } _: {
                try await self.callers.withSpan("request") { _ in _ = try await test.call() }
            }
            let queue = test.queue.name
            let parent = try #require(self.callers.finishedSpans.first { $0.operationName == "request" })
            let call = try #require(self.callers.finishedSpans.first { $0.operationName == "call \(queue)" })
            let process = try #require(self.tracer.finishedSpans.first { $0.operationName == "process \(queue)" })
            let within = try #require(self.tracer.finishedSpans.first { $0.operationName == "within" })
            #expect(call.parentSpanID == parent.spanID && call.kind == .client)
            #expect(process.traceID == parent.traceID && process.parentSpanID == call.spanID)
            #expect(process.kind == .server && process.status == nil)
            #expect(within.traceID == parent.traceID && within.parentSpanID == process.spanID)
            #expect(process.attributes.get("messaging.destination.name") == .string(queue))
        }
    }

    @Test func theServersMetricsCountRequestsErrorsAndDurations() async throws {
        try await RPCSetUp.run(client: self.client) { test in
            try await test.whileServing(self.server(test)) { context in
                switch String(buffer: context.body) {
                case "fault": throw RPCFault(type: "No", message: "no")
                case "error": throw CancellationError()
                case "nothing": return .noReply
                case "rejected": return .reject(requeue: false)
                default: return .reply(RPCReply(body: context.body))
                }
            } _: {
                _ = try await test.call()
                _ = try await test.call()
                for body in ["fault", "error"] {
                    let error = await #expect(throws: AMQPError.self) { _ = try await test.call(body) }
                    #expect(error?.code == .fault)
                }
                // Nobody answers these.
                for body in ["nothing", "rejected"] {
                    _ = try? await test.client.call(test.request(body), timeout: .milliseconds(500))
                }
            }
            #expect(self.serverCount(test, "success") == 2)
            #expect(self.serverCount(test, "fault") == 2)
            #expect(self.serverCount(test, "no_reply") == 1)
            #expect(self.serverCount(test, "rejected") == 1)
            #expect(self.clientCount(test, "call", "success") == 2)
            #expect(self.clientCount(test, "call", "fault") == 2)
            #expect(self.clientCount(test, "call", "timedOut") == 2)
            let durations = self.metrics.timers.filter { $0.label == "amqp_rpc_server_request_duration" }
            #expect(durations.flatMap(\.values).count == 6)
            #expect(durations.flatMap(\.values).allSatisfy { $0 > 0 })
            let failed = self.tracer.finishedSpans.filter { $0.status?.code == .error }
            #expect(failed.count == 2 && failed.allSatisfy { $0.attributes.get("error.type") == .string("fault") })
        }
    }

    @Test func aHandlersOwnErrorIsLoggedWithItsQueueAndCorrelationID() async throws {
        struct Secret: Error {}
        let log = LogRecorder()
        let correlationID = NIOLockedValueBox("")
        try await RPCSetUp.run { test in
            try await test.whileServing(self.server(test, logger: log.logger)) { context in
                correlationID.withLockedValue { $0 = context.correlationID.map { "\($0)" } ?? "" }
                throw Secret()
            } _: {
                let error = await #expect(throws: AMQPError.self) { _ = try await test.call() }
                #expect(error?.fault == .handlerFailed)
            }
            let line = try #require(log.lines.first { $0.message == "A handler failed" })
            #expect(line.level == .warning)
            #expect(line.metadata["queue"] == test.queue.name)
            #expect(line.metadata["error"] == "Secret()")
            #expect(line.metadata["correlationID"] == correlationID.withLockedValue { $0 })
            #expect(line.metadata["correlationID"]?.count == 16)
        }
    }

    @Test func aClientLogsWithItsOwnLogger() async throws {
        let log = LogRecorder()
        var configuration = RPCClientConfiguration(logger: log.logger)
        configuration.observability = .none
        try await RPCSetUp.run(client: configuration) { test in
            var request = test.request()
            request.exchange = "there-is-no-such-exchange"
            _ = try? await test.client.call(request, timeout: .seconds(30))
            let line = try #require(log.lines.first { $0.message == "The RPC client's channel was closed" })
            #expect(line.metadata["queue"]?.hasPrefix("amq.gen") == true)
            #expect(line.metadata["error"]?.isEmpty == false)
        }
    }

    // MARK: The client's streams

    @Test func aStreamIsASpanUntilItsEndAndTheServersSpanIsItsChild() async throws {
        try await RPCSetUp.run(client: self.client) { test in
            let (released, release) = AsyncStream.makeStream(of: Void.self)
            try await test.whileServing(self.server(test)) { context in
                try await context.send(RPCReply(body: context.body))
                for await _ in released {}
                return .reply(RPCReply(body: context.body))
            } _: {
                try await self.callers.withSpan("request") { _ in
                    let stream = try test.client.stream(test.request(), timeout: .seconds(60))
                    var iterator = stream.makeAsyncIterator()
                    #expect(try await iterator.next() != nil)
                    #expect(self.callers.activeSpans.contains { $0.operationName == "stream \(test.queue.name)" })
                    release.finish()
                    #expect(try await iterator.next() != nil)
                    #expect(try await iterator.next() == nil)
                }
            }
            let parent = try #require(self.callers.finishedSpans.first { $0.operationName == "request" })
            let stream = try #require(
                self.callers.finishedSpans.first { $0.operationName == "stream \(test.queue.name)" })
            let process = try #require(self.tracer.finishedSpans.first)
            #expect(stream.parentSpanID == parent.spanID && stream.kind == .client && stream.status == nil)
            #expect(process.parentSpanID == stream.spanID && process.traceID == parent.traceID)
            #expect(self.clientCount(test, "stream", "success") == 1)
            let durations = self.metrics.timers.filter { $0.label == "amqp_rpc_client_call_duration" }
            #expect(durations.flatMap(\.values).count == 1)
        }
    }

    @Test func aStreamThatFailsHasItsErrorInItsSpan() async throws {
        try await RPCSetUp.run(client: self.client) { test in
            try await test.whileServing(self.server(test)) { context in
                try await context.send(RPCReply(body: context.body))
                throw RPCFault(type: "HalfWay", message: "no more")
            } _: {
                let error = await #expect(throws: AMQPError.self) {
                    for try await _ in try test.client.stream(test.request(), timeout: .seconds(60)) {}
                }
                #expect(error?.code == .fault)
            }
            let span = try #require(self.callers.finishedSpans.first)
            #expect(span.status?.code == .error && span.attributes.get("error.type") == .string("fault"))
            #expect(self.clientCount(test, "stream", "fault") == 1)
        }
    }

    enum Leaving: CaseIterable {
        case inTheMiddle
        case withoutReading
        case byCancellation
    }

    @Test(arguments: Leaving.allCases) func aStreamThatIsLeftEndsItsSpanOnce(_ leaving: Leaving) async throws {
        try await RPCSetUp.run(client: self.client) { test in
            var configuration = self.server(test)
            // Before its first element a caller does not know whom to tell that it has left.
            configuration.shutdownTimeout = .milliseconds(100)
            try await test.whileServing(configuration) { context in
                while true { try await context.send(RPCReply(body: context.body)) }
            } _: {
                switch leaving {
                case .inTheMiddle:
                    for try await _ in try test.client.stream(test.request(), timeout: .seconds(60)) { break }
                case .withoutReading: _ = try test.client.stream(test.request(), timeout: .seconds(60))
                case .byCancellation:
                    let hasRead = NIOLockedValueBox(false)
                    let reading = Task {
                        for try await _ in try test.client.stream(test.request(), timeout: .seconds(60)) {
                            hasRead.withLockedValue { $0 = true }
                        }
                    }
                    try await waitUntil { hasRead.withLockedValue { $0 } }
                    reading.cancel()
                    _ = await reading.result
                }
                try await waitUntil { self.callers.activeSpans.isEmpty && !self.callers.finishedSpans.isEmpty }
            }
            #expect(self.callers.finishedSpans.count == 1)
            #expect(self.callers.finishedSpans.first?.attributes.get("error.type") == .string("cancelled"))
            #expect(self.clientCount(test, "stream", "cancelled") == 1)
        }
    }
}
