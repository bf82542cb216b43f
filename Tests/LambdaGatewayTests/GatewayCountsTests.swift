import LambdaHTTP
import LambdaMetrics
import LambdaProtocol
import NIOCore
import Testing

@testable import LambdaGateway

@Suite struct GatewayCountsTests {
    @Test func aFunctionThatHasAnsweredHasANameOfItsOwn() {
        var counts = GatewayCounts()
        counts.ended("echo", .result, after: .milliseconds(1))
        counts.ended("echo", .noAnswer, after: .seconds(58))
        counts.ended("echo", .notFound, after: nil)
        #expect(Set(counts.byFunction.keys) == ["other", "echo"])
        #expect(counts.byFunction["echo"]?[.result] == 1)
        #expect(counts.byFunction["echo"]?[.noAnswer] == 1)
        #expect(counts.byFunction["echo"]?[.notFound] == 1)
        #expect(counts.byFunction["echo"]?.duration.count == 2)
    }

    @Test func namesThatClientsMakeUpAreCountedTogether() {
        var counts = GatewayCounts()
        for index in 0..<1000 { counts.ended("nobody-\(index)", .notFound, after: nil) }
        #expect(Set(counts.byFunction.keys) == ["other"])
        #expect(counts.byFunction["other"]?[.notFound] == 1000)
    }

    @Test func functionsOverTheLimitAreCountedTogether() {
        var counts = GatewayCounts(limit: 1)
        for name in ["a", "b", "c", "a"] { counts.ended(name, .result, after: .zero) }
        #expect(counts.byFunction["a"]?[.result] == 2)
        #expect(counts.byFunction["other"]?[.result] == 2)
    }

    @Test(arguments: [
        (InvokeError.Kind.resourceNotFound, GatewayOutcome.notFound), (.tooManyRequests, .throttled),
        (.serviceUnavailable, .unavailable), (.noAnswer, .noAnswer), (.requestExpired, .expired),
        (.requestTooLarge, .tooLarge), (.validation, .refused), (.invalidRequestContent, .refused), (.service, .failed),
    ])
    func everyErrorIsAnOutcome(kind: InvokeError.Kind, outcome: GatewayOutcome) {
        #expect(GatewayOutcome(InvokeError(kind, "")) == outcome)
    }

    @Test func loopsAreSummedUp() {
        var counts = GatewayCounts()
        counts.ended("echo", .result, after: .milliseconds(1))
        counts.ended("x", .notFound, after: nil)
        func loop(_ number: Int) -> GatewayLoopStatus {
            GatewayLoopStatus(
                counts: counts, waitingCount: 2, droppedReplyCount: 3,
                broker: BrokerStatus(
                    connection: "\(number)", isConnected: number == 0, isBlocked: false, reconnectCount: number),
                http: HTTPServerStatistics(connectionCount: 5, responses: [200: 7]))
        }
        let function = FunctionSummary(
            name: "echo", version: "$LATEST", arn: "arn", timeoutSeconds: 3, memoryMegabytes: 128,
            architecture: "x86_64", startedAt: .init(millisecondsSinceEpoch: 0), containerCount: 2, slots: 8,
            freeSlots: 1)
        var text = PrometheusText()
        text.write(
            [loop(0), loop(1)], [function], [QueueDepth(queue: "echo", readyCount: 11, consumerCount: 2)])
        let lines = String(buffer: text.bytes).split(separator: "\n")
        for line in [
            #"lambda_gateway_requests_total{function="echo",outcome="result"} 2"#,
            #"lambda_gateway_requests_total{function="other",outcome="not_found"} 2"#,
            #"lambda_gateway_duration_seconds_count{function="echo"} 2"#, "lambda_gateway_calls_waiting 4",
            "lambda_gateway_late_replies_total 6", #"lambda_broker_connected{connection="0"} 1"#,
            #"lambda_broker_connected{connection="1"} 0"#, #"lambda_broker_reconnects_total{connection="1"} 1"#,
            "lambda_http_connections 10", #"lambda_http_responses_total{code="200"} 14"#,
            #"lambda_function_free_slots{function="echo",qualifier="$LATEST"} 1"#,
            #"lambda_queue_messages_ready{queue="echo"} 11"#,
        ] {
            #expect(lines.contains(Substring(line)), "\(line)")
        }
    }
}
