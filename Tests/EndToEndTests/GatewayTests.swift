import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// boto3 and curl against a gateway, a broker, and daemons with real runtimes.
    @Suite struct Gateways {
        private let event = #"{"key": "value"}"#

        @Test func botoInvokesAFunctionByEveryNameThatItHas() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            try await Daemon.with(.scripted, broker: broker) { daemon in
                try await Gateway.with(broker: broker) { gateway in
                    let arn = "arn:aws:lambda:us-east-1:123456789012:function:\(daemon.name)"
                    let answers = try await gateway.boto(
                        .init(FunctionName: daemon.name, Payload: self.event),
                        .init(FunctionName: "\(daemon.name):$LATEST", Payload: self.event),
                        .init(FunctionName: "123456789012:function:\(daemon.name)", Payload: self.event),
                        .init(FunctionName: arn, Payload: self.event),
                        .init(FunctionName: daemon.name, Payload: self.event, Qualifier: "$LATEST"))
                    for answer in answers {
                        #expect(answer.statusCode == 200)
                        #expect(answer.payload == self.event)
                        #expect(answer.functionError == nil)
                        #expect(answer.executedVersion == "$LATEST")
                    }
                    #expect(Set(answers.compactMap(\.requestId)).count == answers.count)
                }
            }
        }

        @Test func aQualifierLeadsToTheContainersThatServeIt() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            let name = Daemon.uniqueName()
            let settings = [
                "AWS_LAMBDA_FUNCTION_QUALIFIER": "prod", "AWS_LAMBDA_FUNCTION_VERSION": "7", "AMQP_URI": broker,
            ]
            try await Gateway.with(broker: broker) { gateway in
                try await Daemon.with(.scripted, name: name, settings: settings) { _ in
                    let call = BotoCall(FunctionName: name, Qualifier: "prod")
                    try await eventually("the alias is served") {
                        try await gateway.boto(call)[0].statusCode == 200
                    }
                    let answers = try await gateway.boto(
                        call, .init(FunctionName: "\(name):prod"), .init(FunctionName: name),
                        .init(FunctionName: "\(name):prod", Qualifier: "test"),
                        .init(FunctionName: name, Qualifier: "test"))
                    #expect(answers.map(\.statusCode) == [200, 200, 404, 400, 404])
                    #expect(answers.map(\.executedVersion) == ["7", "7", nil, nil, nil])
                    #expect(answers[2].errorClass == "ResourceNotFoundException")
                    #expect(answers[3].errorClass == "InvalidParameterValueException")
                }
            }
        }

        @Test func theFunctionSeesRequestIDContextAndTheCallerSeesItsLog() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            try await Gateway.with(broker: broker) { gateway in
                let runtime = Daemon.Runtime.python(handler: "functions.seen", in: Daemon.scripts)
                try await Daemon.with(runtime, broker: broker) { daemon in
                    let context = Data(#"{"custom": {"a": "é"}}"#.utf8).base64EncodedString()
                    let answers = try await gateway.boto(
                        .init(FunctionName: daemon.name, LogType: "Tail", ClientContext: context))
                    let payload = try #require(answers[0].payload)
                    #expect(payload.contains(#""request_id": "\#(try #require(answers[0].requestId))""#))
                    #expect(payload.contains(#""custom": {"a": "\u00e9"}"#))
                    let tail = try #require(answers[0].logTail)
                    #expect(tail.contains("what the function prints"))
                    #expect(tail.contains("REPORT RequestId"))
                }
            }
        }

        @Test func everyErrorIsItsTypedException() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            try await Daemon.with(.scripted, broker: broker) { daemon in
                try await Gateway.with(broker: broker) { gateway in
                    let large = "\"" + String(repeating: "x", count: 60_000) + "\""
                    let answers = try await gateway.boto(
                        .init(FunctionName: daemon.name, Payload: #"{"do": "error"}"#),
                        .init(FunctionName: "nobody-\(daemon.name)"), .init(FunctionName: "amq.\(daemon.name)"),
                        .init(FunctionName: daemon.name, Payload: "hello"),
                        .init(FunctionName: daemon.name, Payload: large),
                        .init(FunctionName: daemon.name, InvocationType: "DryRun"),
                        .init(FunctionName: "nobody-\(daemon.name)", InvocationType: "DryRun"),
                        .init(FunctionName: "nobody-\(daemon.name)", InvocationType: "Event"))
                    #expect(answers.map(\.statusCode) == [200, 404, 404, 400, 200, 204, 404, 404])
                    #expect(answers[0].functionError == "Unhandled")
                    #expect(answers[1].errorClass == "ResourceNotFoundException")
                    #expect(answers[3].errorClass == "InvalidRequestContentException")
                    #expect(answers[4].payload == large)
                    #expect(answers[7].errorClass == "ResourceNotFoundException")
                    // Told by the broker and not by a clock; boto3's own work is in it.
                    for index in [1, 2, 6, 7] { #expect(answers[index].seconds < 0.5, "\(answers[index])") }
                }
            }
        }

        @Test func aBodyOverTheLimitIsTooLargeAndTheLargestIsNot() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            try await Daemon.with(.scripted, broker: broker) { daemon in
                try await Gateway.with(broker: broker) { gateway in
                    let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
                    defer { try? FileManager.default.removeItem(atPath: file) }
                    for (count, status) in [(6_291_456, 200), (6_291_457, 413)] {
                        try ("\"" + String(repeating: "x", count: count - 2) + "\"").write(
                            toFile: file, atomically: false, encoding: .utf8)
                        let answer = try await gateway.post("@\(file)", to: daemon.name, options: ["-H", "Expect:"])
                        #expect(answer.status == status)
                        if status == 200 { #expect(answer.body.utf8.count == count) }
                    }
                }
            }
        }

        @Test func botoReadsAStreamChunkByChunkThroughTheBroker() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            let settings = ["AWS_LAMBDA_FUNCTION_TIMEOUT": "20"]
            try await Daemon.with(Streaming.runtime, broker: broker, settings: settings) { daemon in
                try await Gateway.with(broker: broker) { gateway in
                    let answer = try await BotoStream.of(
                        gateway.endpoint, daemon.name, #"{"chunks": 5, "size": 1000, "pause_ms": 200}"#)
                    #expect(answer.statusCode == 200)
                    #expect(answer.isWhole)
                    // None waits for the next; one may be cut in two where a read of the socket ends.
                    #expect((5...10).contains(answer.chunkCount))
                    #expect(answer.completionCount == 1)
                    #expect(answer.complete?.ErrorCode == nil)
                    #expect(try #require(answer.lastAfter) - #require(answer.firstAfter) > 0.5)

                    let failed = try await BotoStream.of(
                        gateway.endpoint, daemon.name, #"{"chunks": 2, "size": 10, "fail": "trailer"}"#)
                    #expect(failed.isWhole)
                    #expect(failed.complete?.ErrorCode == "Unhandled")
                    #expect(failed.complete?.ErrorDetails?.contains("in mid-stream") == true)

                    let nobody = try await BotoStream.of(gateway.endpoint, "nobody", "{}")
                    #expect(nobody.statusCode == 404)
                    #expect(nobody.errorCode == "ResourceNotFoundException")
                }
            }
        }

        @Test func aSlowReaderOfAStreamCostsTheGatewayLittleMemory() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            let settings = ["AWS_LAMBDA_FUNCTION_TIMEOUT": "60"]
            try await Daemon.with(Streaming.runtime, broker: broker, settings: settings) { daemon in
                try await Gateway.with(broker: broker) { gateway in
                    let before = try gateway.program.memory("VmHWM")
                    let answer = try await BotoStream.of(
                        gateway.endpoint, daemon.name, #"{"chunks": 320, "size": 65536}"#, pauseMilliseconds: 2)
                    #expect(answer.byteCount == 20 * 1024 * 1024)
                    #expect(answer.isWhole)
                    #expect(answer.completionCount == 1)
                    let growth = try gateway.program.memory("VmHWM") - before
                    #expect(growth < 12 * 1024, "\(growth) kB")
                }
            }
        }

        @Test func anEventIsAcceptedAndRun() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
            defer { try? FileManager.default.removeItem(atPath: file) }
            try await Daemon.with(.python(handler: "functions.noting", in: Daemon.scripts), broker: broker) { daemon in
                try await Gateway.with(broker: broker) { gateway in
                    let payload = #"{"file": "\#(file)"}"#
                    let answers = try await gateway.boto(
                        .init(FunctionName: daemon.name, Payload: payload, InvocationType: "Event"),
                        .init(FunctionName: daemon.name, Payload: payload, operation: "invoke_async"))
                    #expect(answers.map(\.statusCode) == [202, 202])
                    #expect(answers.map(\.payload).allSatisfy { $0 == nil || $0 == "" })
                    let first = try #require(answers[0].requestId)
                    try await eventually("both events have run") {
                        let notes = try? String(contentsOfFile: file, encoding: .utf8)
                        return notes?.split(separator: "\n").count == 2 && notes?.contains(first) == true
                    }
                }
            }
        }

        @Test func uniqueBodiesComeBackToTheirOwnCallers() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            try await Daemon.with(.scripted, broker: broker, settings: ["MAX_CONCURRENCY": "2"]) { daemon in
                try await Gateway.with(broker: broker) { gateway in
                    let result = try await Program.run(
                        ProgramEnvironment.python(),
                        [Daemon.scripts + "/unique_bodies.py", String(gateway.port), daemon.name, "4000", "16"])
                    #expect(result.status == .exited(0), "\(result.errors)")
                    let all = #"{"answers": 4000, "wrong": 0, "statuses": {"200": 4000}}"#
                    #expect(result.output.trimmingLastNewline == all)
                }
            }
        }

        @Test func whileTheBrokerIsAwayCallersAreToldAtOnceAndAfterwardsServed() async throws {
            let port = ProgramPort.free()
            try await BrokerNode.withNode { node in
                try await Daemon.with(.scripted, broker: node.uri) { daemon in
                    let settings = ["METRICS_PORT": "\(port)", "EVENT_LOOPS": "2"]
                    try await Gateway.with(broker: node.uri, settings: settings) { gateway in
                        #expect(try await gateway.post(self.event, to: daemon.name).status == 200)
                        #expect(try await PrometheusPage.of(port: port).sum("lambda_broker_connected") == 2)
                        // Somebody waits when it goes: whether it ran nobody knows, and SDKs must not repeat it.
                        let url = "\(gateway.endpoint)/2015-03-31/functions/\(daemon.name)/invocations"
                        let waiting = try Program(
                            "curl", ["--silent", "--include", "-XPOST", url, "-d", #"{"do": "sleep", "ms": 2500}"#])
                        try await daemon.untilStarted(invocations: 3)
                        try await node.kill()
                        #expect(try await waiting.end(within: .seconds(10)) == .exited(0))
                        #expect(waiting.output.contains("HTTP/1.1 408"), "\(waiting.output)")
                        #expect(waiting.output.contains("NoAnswerException"))

                        let answers = try await gateway.boto(
                            .init(FunctionName: daemon.name), .init(FunctionName: daemon.name, InvocationType: "Event"))
                        #expect(answers.map(\.statusCode) == [503, 503])
                        for answer in answers { #expect(answer.seconds < 0.5) }
                        #expect(try await gateway.get("/ready").status == 503)
                        #expect(try await gateway.get("/health").status == 200)
                        let check = try await gateway.checkReadiness()
                        #expect(check.status == .exited(1))
                        #expect(check.errors == "lambda-gateway: 503 Service Unavailable\n")
                        #expect(try await PrometheusPage.of(port: port).sum("lambda_broker_connected") == 0)

                        try await node.start()
                        try await eventually("the gateway serves again", within: .seconds(15)) {
                            try await gateway.post(self.event, to: daemon.name).status == 200
                        }
                        // The other loop may take its next attempt a little later.
                        try await eventually("all loops are connected", within: .seconds(15)) {
                            try await gateway.get("/ready").status == 200
                        }
                        #expect(try await gateway.checkReadiness().status == .exited(0))
                        let page = try await PrometheusPage.of(port: port)
                        #expect(page.sum("lambda_broker_connected") == 2)
                        #expect(page.sum("lambda_broker_reconnects_total") == 2)
                    }
                }
            }
        }

        @Test func aFullQueueIsTooManyRequestsAtOnce() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            let name = Daemon.uniqueName()
            let script = """
                import pika, sys
                channel = pika.BlockingConnection(pika.URLParameters(sys.argv[1])).channel()
                channel.queue_declare(sys.argv[2], durable=True, arguments={
                    "x-max-length": 1, "x-overflow": "reject-publish", "x-expires": 60000})
                channel.basic_publish("", sys.argv[2], b"{}")
                """
            let declared = try await Program.run(ProgramEnvironment.python(), ["-c", script, broker, name])
            #expect(declared.status == .exited(0), "\(declared.errors)")
            try await Gateway.with(broker: broker) { gateway in
                let answer = try await gateway.boto(.init(FunctionName: name))[0]
                #expect(answer.statusCode == 429)
                #expect(answer.errorClass == "TooManyRequestsException")
                #expect(answer.seconds < 0.5)
            }
        }

        @Test func aFunctionThatNobodyServesIsANoAnswerThatSaysSo() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            let name = Daemon.uniqueName()
            try await Daemon.with(.scripted, name: name, broker: broker) { _ in }
            try await Gateway.with(broker: broker, settings: ["INVOKE_TIMEOUT": "1"]) { gateway in
                let answer = try await gateway.post(self.event, to: name)
                #expect(answer.status == 408)
                #expect(answer.headers["x-amzn-errortype"] == "NoAnswerException")
                #expect(answer.body.contains("No container serves the function"))
            }
        }

        @Test func aServerThatKnowsNoneOfOurHeadersIsServed() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            let name = Daemon.uniqueName()
            let server = try Program(ProgramEnvironment.python(), [Daemon.scripts + "/plain_server.py", broker, name])
            defer { server.killGroup() }
            try await Gateway.with(broker: broker) { gateway in
                try await eventually("the server consumes") {
                    try await gateway.post(self.event, to: name).status == 200
                }
                let answer = try await gateway.post(self.event, to: name)
                #expect(answer.body == self.event)
                #expect(answer.headers["x-amz-executed-version"] == "$LATEST")
            }
        }

        @Test func aGatewayThatIsStoppedAnswersWhoWaits() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            try await Daemon.with(.scripted, broker: broker) { daemon in
                try await Gateway.with(broker: broker) { gateway in
                    let url = "\(gateway.endpoint)/2015-03-31/functions/\(daemon.name)/invocations"
                    let waiting = try Program(
                        "curl", ["--silent", "--include", "-XPOST", url, "-d", #"{"do": "sleep", "ms": 1000}"#])
                    try await daemon.untilStarted(invocations: 2)
                    gateway.program.signal(SIGTERM)
                    #expect(try await waiting.end() == .exited(0))
                    #expect(waiting.output.contains("HTTP/1.1 200"), "\(waiting.output)")
                    #expect(try await gateway.program.end() == .exited(0))
                }
            }
        }

        @Test func aPortThatIsTakenIsNamedAlsoWithSeveralLoops() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            try await Gateway.with(broker: broker) { gateway in
                let second = try await Program.run(
                    ProgramEnvironment.program("lambda-gateway"),
                    environment: ["AMQP_URI": broker, "PORT": String(gateway.port), "LOG_LEVEL": "ERROR"])
                #expect(second.status == .exited(1))
                #expect(second.errors.hasPrefix("lambda-gateway: PORT: cannot listen on"), "\(second.errors)")
            }
        }

        @Test(arguments: [
            ("PORT", "x"), ("EVENT_LOOPS", "0"), ("INVOKE_TIMEOUT", "soon"), ("STREAM_TIMEOUT", "-1"),
            ("MAX_CONNECTIONS", "many"), ("REQUEST_LIMIT", "0"), ("REQUIRE_JSON", "no!"),
            ("PUBLISHER_CONFIRMS", "perhaps"), ("LOG_LEVEL", "loud"), ("CLIENT_TIMEOUT", "0"), ("MAX_BODY_MEMORY", "0"),
            ("AMQP_URI", "http://localhost"), ("AMQP_PASSWORD_FILE", "/nowhere/at/all"),
        ])
        func malformedSettingsExitWith78(setting: String, value: String) async throws {
            let result = try await Program.run(
                ProgramEnvironment.program("lambda-gateway"), environment: [setting: value])
            #expect(result.status == .exited(78))
            #expect(result.errors.hasPrefix("lambda-gateway: \(setting): "), "\(result.errors)")
            #expect(result.errors.split(separator: "\n").count == 1)
        }

        @Test func aBrokerThatNobodyIsEndsTheGatewayAfterItsAttempts() async throws {
            let uri = "amqp://127.0.0.1:\(ProgramPort.free())?connection_attempts=2&retry_delay=1"
            let result = try await Program.run(
                ProgramEnvironment.program("lambda-gateway"),
                environment: ["AMQP_URI": uri, "PORT": String(ProgramPort.free()), "LOG_LEVEL": "ERROR"])
            #expect(result.status == .exited(1))
            #expect(result.errors.hasPrefix("lambda-gateway: AMQP_URI: "), "\(result.errors)")
        }
    }
}
