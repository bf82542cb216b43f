import AMQP
import AMQPRPC
import CoreMetrics
import InMemoryTracing
import LambdaAMQP
import Logging
import MetricsTestKit
import NIOCore
import TestSupport
import Testing
import Tracing

@Suite(.timeLimit(.minutes(1))) struct ObservabilityTests {
    private let tracer = W3CTracer()
    private let metrics = TestMetrics()
    private let event = ByteBuffer(string: "1")

    private var configuration: LambdaClientConfiguration {
        LambdaClientConfiguration(
            defaultOptions: InvocationOptions(retryPolicy: LambdaRetryPolicy(maximumAttempts: 2, baseDelay: .zero)),
            observability: RPCObservability(tracer: self.tracer, metrics: self.metrics))
    }

    private func count(_ function: String, _ operation: String, _ outcome: String) -> Int64 {
        self.metrics.counterTotal(
            label: "lambda_client_invocations",
            dimensions: [("function", function), ("operation", operation), ("outcome", outcome)])
    }

    @Test func everyInvocationIsCountedByItsOutcome() async throws {
        let test = try await ClientTest.start()
        try await withLambdaClient(test.settings, configuration: self.configuration) { lambda in
            _ = try await lambda.invoke("echo", payload: self.event)
            _ = try await lambda.invoke("echo", payload: self.event)
            _ = try await lambda.invoke("fails", payload: self.event)
            _ = try await lambda.invokeEvent("echo", payload: self.event)
            _ = try await lambda.invoke("busy", payload: self.event)
            _ = try? await lambda.invoke("nowhere", payload: self.event)
            for try await _ in try await lambda.invokeWithResponseStream("echo", payload: self.event) {}
        }
        #expect(self.count("echo", "invoke", "success") == 2)
        #expect(self.count("fails", "invoke", "function_error") == 1)
        #expect(self.count("echo", "event", "success") == 1)
        #expect(self.count("busy", "invoke", "success") == 1)
        #expect(self.count("nowhere", "invoke", "notDeployed") == 1)
        #expect(self.count("echo", "stream", "success") == 1)
        #expect(
            self.metrics.counterTotal(
                label: "lambda_client_retries", dimensions: [("function", "busy"), ("outcome", "tooManyRequests")]) == 1)
        let timer = try self.metrics.expectTimer(
            "lambda_client_invocation_duration", [("function", "echo"), ("operation", "invoke")])
        #expect(timer.values.count == 2)
        #expect(timer.values.allSatisfy { $0 > 0 })
    }

    @Test func theClientsOwnConnectionIsMeasured() async throws {
        let test = try await ClientTest.start()
        var settings = test.settings
        settings.connectionName = "shop"
        let dimensions = [("connection", "shop")]
        try await withLambdaClient(settings, configuration: self.configuration) { lambda in
            _ = try await lambda.invoke("echo", payload: self.event)
            #expect(try self.metrics.expectMeter("amqp_connection_connected", dimensions).lastValue == 1)
        }
        #expect(try self.metrics.expectMeter("amqp_connection_connected", dimensions).lastValue == 0)
        #expect(try self.metrics.expectCounter("amqp_connection_losses", dimensions).totalValue == 0)
    }

    @Test func anInvocationIsASpanOfTheTasksTraceAndTheMessageCarriesIt() async throws {
        let test = try await ClientTest.start()
        try await withLambdaClient(test.settings, configuration: self.configuration) { lambda in
            try await self.tracer.withSpan("request") { _ in
                _ = try await lambda.invoke("mirror", payload: self.event)
                _ = try await lambda.invokeEvent("echo", payload: self.event)
            }
        }
        let spans = self.tracer.spans.finishedSpans
        let parent = try #require(spans.first { $0.operationName == "request" })
        let call = try #require(spans.first { $0.operationName == "invoke mirror" })
        let event = try #require(spans.first { $0.operationName == "event echo" })
        #expect(call.traceID == parent.traceID)
        #expect(call.parentSpanID == parent.spanID)
        #expect(call.kind == .client)
        #expect(event.kind == .producer)
        #expect(call.attributes.get("faas.invoked_name") == .string("mirror"))
        #expect(call.status == nil)
        let sent = "00-\(call.traceID)-\(call.spanID)-01"
        #expect(test.broker.frames.contains { $0.type == 2 && $0.payload.contains(text: sent) })
    }

    @Test func aTraceThatTheOptionsNameGoesBeforeTheTasks() async throws {
        let test = try await ClientTest.start()
        let own = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        try await withLambdaClient(test.settings, configuration: self.configuration) { lambda in
            _ = try await lambda.invoke("echo", payload: self.event, options: .init(traceparent: own))
        }
        let span = try #require(self.tracer.spans.finishedSpans.first)
        #expect(test.broker.frames.contains { $0.type == 2 && $0.payload.contains(text: own) })
        #expect(!test.broker.frames.contains { $0.type == 2 && $0.payload.contains(text: span.spanID) })
    }

    @Test func anErrorIsTheSpans() async throws {
        let test = try await ClientTest.start()
        try await withLambdaClient(test.settings, configuration: self.configuration) { lambda in
            _ = try? await lambda.invoke("nowhere", payload: self.event)
            _ = try await lambda.invoke("busy", payload: self.event)
        }
        let spans = self.tracer.spans.finishedSpans
        let failed = try #require(spans.first { $0.operationName == "invoke nowhere" })
        #expect(failed.status?.code == .error)
        #expect(failed.attributes.get("error.type") == .string("notDeployed"))
        #expect(failed.errors.count == 1)
        let repeated = try #require(spans.first { $0.operationName == "invoke busy" })
        #expect(repeated.status == nil)
        #expect(repeated.events.map(\.name) == ["retry"])
        #expect(self.tracer.spans.activeSpans.isEmpty)
    }

    @Test func aStreamThatIsLeftEndsItsSpan() async throws {
        let test = try await ClientTest.start()
        try await withLambdaClient(test.settings, configuration: self.configuration) { lambda in
            for try await _ in try await lambda.invokeWithResponseStream("echo", payload: self.event) { break }
        }
        while !self.tracer.spans.activeSpans.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
        #expect(self.tracer.spans.finishedSpans.map(\.operationName) == ["stream echo"])
    }

    @Test func namesThatCallersMakeUpDoNotGrowTheMetrics() async throws {
        let test = try await ClientTest.start()
        try await withLambdaClient(test.settings, configuration: self.configuration) { lambda in
            for number in 0..<300 {
                _ = try? await lambda.invoke("f\(number)", payload: self.event, options: .init(timeout: .nanoseconds(1)))
            }
        }
        let functions = Set(self.metrics.counters.flatMap(\.dimensions).filter { $0.0 == "function" }.map(\.1))
        #expect(functions.count == 201)
        #expect(functions.contains("other"))
    }

    @Test func aCallOfAnyQueueIsCountedAndTraced() async throws {
        let test = try await ClientTest.start()
        let connection = try await AMQPConnection.connect(test.settings)
        let client = try await RPCClient.start(
            on: connection,
            configuration: RPCClientConfiguration(
                observability: RPCObservability(tracer: self.tracer, metrics: self.metrics)))
        _ = try await client.call(RPCRequest(routingKey: "echo", body: self.event), timeout: .seconds(30))
        _ = try? await client.call(RPCRequest(routingKey: "nowhere", body: self.event), timeout: .seconds(30))
        await connection.close()
        func count(_ queue: String, _ outcome: String) -> Int64 {
            self.metrics.counterTotal(
                label: "amqp_rpc_client_calls",
                dimensions: [("queue", queue), ("operation", "call"), ("outcome", outcome)])
        }
        #expect(count("echo", "success") == 1)
        #expect(count("nowhere", "unroutable") == 1)
        #expect(self.tracer.spans.finishedSpans.map(\.operationName) == ["call echo", "call nowhere"])
    }

    @Test func aRetryIsLoggedWithItsKeys() async throws {
        let test = try await ClientTest.start()
        let log = LogRecorder()
        var logger = Logger(label: "test") { _ in log }
        logger.logLevel = .trace
        try await withLambdaClient(test.settings, configuration: self.configuration, logger: logger) { lambda in
            _ = try await lambda.invoke("busy", payload: self.event)
        }
        let line = try #require(log.lines.first { $0.message == "An invocation is made again" })
        #expect(line.metadata["function"] == "busy")
        #expect(line.metadata["attempt"] == "2")
        #expect(line.metadata["pause"] != nil)
    }
}

extension [UInt8] {
    fileprivate func contains(text: String) -> Bool {
        let text = Array(text.utf8)
        return self.indices.contains { self[$0...].starts(with: text) }
    }
}
