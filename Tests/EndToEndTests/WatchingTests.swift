import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// What programs say of themselves, as Prometheus, boto3 and the AWS CLI read it.
    @Suite struct Watching {
        // MARK: Metrics

        @Test func theDaemonsCountersMoveByExactlyWhatWasInvoked() async throws {
            let port = ProgramPort.free()
            let settings = [
                "METRICS_PORT": "\(port)", "METRICS_HOST": "127.0.0.1", "AWS_LAMBDA_FUNCTION_TIMEOUT": "1",
                "PRINT_REPORTS": "false",
            ]
            try await Daemon.with(.scripted, settings: settings) { daemon in
                let before = try await PrometheusPage.of(port: port)
                #expect(try before.value("lambda_invocations_total", ["function": daemon.name]) == 0)
                #expect(try before.value("lambda_environments", ["state": "stopped"]) == 1)
                #expect(try before.value("lambda_free_slots") == 1)
                for _ in 0..<3 { #expect(try await daemon.post("{}").status == 200) }
                for event in [
                    #"{"do": "error"}"#, #"{"do": "error"}"#, #"{"do": "exit", "code": 3}"#,
                    #"{"do": "sleep", "ms": 9000}"#,
                ] {
                    #expect(try await daemon.post(event).headers["x-amz-function-error"] == "Unhandled")
                }
                #expect(try await daemon.post("nonsense").status == 400)
                #expect(try await daemon.post("{}", to: "nobody").status == 404)

                let after = try await PrometheusPage.of(port: port)
                #expect(try after.value("lambda_invocations_total") == 7)
                #expect(try after.value("lambda_errors_total", ["cause": "function"]) == 2)
                #expect(try after.value("lambda_errors_total", ["cause": "exit"]) == 1)
                #expect(try after.value("lambda_errors_total", ["cause": "timeout"]) == 1)
                #expect(after.sum("lambda_errors_total") == 4)
                #expect(try after.value("lambda_duration_seconds_count") == 7)
                #expect(try after.value("lambda_duration_seconds_sum") >= 1)
                #expect(try after.value("lambda_duration_seconds_sum") < 5)
                #expect(try after.value("lambda_queue_wait_seconds_count") == 7)
                // The first, and the one after the exit; the one after the time-out may have begun already.
                #expect(try after.value("lambda_init_duration_seconds_count") >= 2)
                #expect(try after.value("lambda_throttles_total") == 0)
                #expect(try after.value("lambda_http_responses_total", ["code": "200"]) == 7)
                #expect(try after.value("lambda_http_responses_total", ["code": "400"]) == 1)
                #expect(try after.value("lambda_http_responses_total", ["code": "404"]) == 1)
                #expect(after.types["lambda_broker_connected"] == nil)
            }
        }

        @Test func whatRunsAndWhatIsThrottledShows() async throws {
            let port = ProgramPort.free()
            let settings = ["METRICS_PORT": "\(port)", "MAX_WAITING": "0", "MAX_CONCURRENCY": "1"]
            try await Daemon.with(.scripted, settings: settings) { daemon in
                #expect(try await daemon.post("{}").status == 200)
                async let slow = daemon.post(#"{"do": "sleep", "ms": 2000}"#)
                try await eventually("it runs") {
                    try await PrometheusPage.of(port: port).value("lambda_concurrent_executions") == 1
                }
                #expect(try await PrometheusPage.of(port: port).value("lambda_free_slots") == 0)
                #expect(try await daemon.post("{}").status == 429)
                #expect(try await slow.status == 200)
                let page = try await PrometheusPage.of(port: port)
                #expect(try page.value("lambda_throttles_total") == 1)
                #expect(try page.value("lambda_invocations_total") == 2)
            }
        }

        @Test func eventsAreCountedFromTheirFirstAttemptToTheirDeadLetter() async throws {
            let uri = try ProgramEnvironment.brokerURI()
            let port = ProgramPort.free()
            let name = Daemon.uniqueName()
            let broker = EventBroker(uri: uri, name: name)
            let settings = Events.settings.merging(["METRICS_PORT": "\(port)"]) { $1 }
            try await Daemon.with(Events.runtime, name: name, broker: uri, settings: settings) { _ in
                try await eventually("the queue for events is there") {
                    (try? await broker.messages(in: name + ".async")) != nil
                }
                let before = try await PrometheusPage.of(port: port)
                let file = try EventFile()
                try await Gateway.with(broker: uri) { gateway in
                    // By the gateway, whose time of acceptance the age counts from.
                    let event = file.event(#""fail": 1"#)
                    let options = ["-H", "X-Amz-Invocation-Type: Event"]
                    let answer = try await gateway.post(event, to: name, options: options)
                    #expect(answer.status == 202)
                }
                try await broker.invoke(file.event(#""fail": 3"#))
                try await eventually("the second event is a dead letter") {
                    try await PrometheusPage.of(port: port).sum("lambda_async_events_dropped_total") == 1
                }
                let page = try await PrometheusPage.of(port: port)
                #expect(try page.value("lambda_async_events_received_total") == 2)
                #expect(try page.value("lambda_async_events_succeeded_total") == 1)
                #expect(try page.value("lambda_async_events_retried_total") == 3)
                #expect(
                    try page.value("lambda_async_events_dropped_total", ["condition": "RetriesExhausted"]) == 1)
                #expect(try page.value("lambda_async_event_age_seconds_count") == 5)
                #expect(try page.value("lambda_async_event_age_seconds_sum") < 60)
                let invocations = try page.value("lambda_invocations_total")
                #expect(invocations == (try before.value("lambda_invocations_total")) + 5)
                #expect(try page.value("lambda_broker_connected", ["connection": "calls"]) == 1)
                #expect(try page.value("lambda_broker_connected", ["connection": "events"]) == 1)
                #expect(page.sum("lambda_broker_reconnects_total") == 0)
            }
            try await broker.remove(retries: [200, 400])
        }

        @Test func theGatewayCountsRequestsByFunctionAndOutcomeAndLooksAtQueues() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            let port = ProgramPort.free()
            try await Gateway.with(broker: broker, settings: ["METRICS_PORT": "\(port)"]) { gateway in
                try await Daemon.with(.scripted, broker: broker) { daemon in
                    for _ in 0..<5 { #expect(try await gateway.post("{}", to: daemon.name).status == 200) }
                    _ = try await gateway.post(#"{"do": "error"}"#, to: daemon.name)
                    for index in 0..<3 {
                        #expect(try await gateway.post("{}", to: "nobody-\(index)-\(daemon.name)").status == 404)
                    }
                    try await eventually("the daemon has announced itself", within: .seconds(20)) {
                        try await PrometheusPage.of(port: port)
                            .value("lambda_function_containers", ["function": daemon.name]) == 1
                    }
                    try await eventually("its queue is looked at", within: .seconds(15)) {
                        try await PrometheusPage.of(port: port)
                            .value("lambda_queue_consumers", ["queue": daemon.name]) == 1
                    }
                    let page = try await PrometheusPage.of(port: port)
                    func requests(_ function: String, _ outcome: String) throws -> Double {
                        try page.value("lambda_gateway_requests_total", ["function": function, "outcome": outcome])
                    }
                    #expect(try requests(daemon.name, "result") == 5)
                    #expect(try requests(daemon.name, "function_error") == 1)
                    #expect(try requests("other", "not_found") == 3)
                    #expect(page.labels("function", of: "lambda_gateway_requests_total") == [daemon.name, "other"])
                    #expect(
                        try page.value("lambda_gateway_duration_seconds_count", ["function": daemon.name]) == 6)
                    #expect(try page.value("lambda_gateway_calls_waiting") == 0)
                    #expect(page.labels("connection", of: "lambda_broker_connected") == ["0", "1"])
                    #expect(page.sum("lambda_broker_connected") == 2)
                    #expect(try page.value("lambda_http_responses_total", ["code": "404"]) == 3)
                    #expect(try page.value("lambda_queue_messages_ready", ["queue": daemon.name]) == 0)
                }
            }
        }

        @Test func withoutAPortThereAreNoMetricsAndATakenPortIsNamed() async throws {
            try await Daemon.with(.scripted) { daemon in
                let answer = try await HTTPAnswer.of(
                    "http://127.0.0.1:\(daemon.port)/metrics", body: "", options: ["--request", "GET"])
                #expect(answer.status == 404)
                let second = try await Program.run(
                    ProgramEnvironment.program("lambda-runtime-api-daemon"), ["true"],
                    environment: [
                        "PORT": "\(ProgramPort.free())", "RUNTIME_API_PORT": "\(ProgramPort.free())",
                        "METRICS_PORT": "\(daemon.port)", "LOG_LEVEL": "ERROR",
                    ])
                #expect(second.status == .exited(1))
                #expect(second.errors.contains("METRICS_PORT: cannot listen on"), "\(second.errors)")
            }
        }

        @Test(arguments: ["lambda-runtime-api-daemon", "lambda-gateway"])
        func aPortThatIsNoneIsASettingsError(program: String) async throws {
            let result = try await Program.run(
                ProgramEnvironment.program(program), ["true"].filter { _ in program.hasSuffix("daemon") },
                environment: ["METRICS_PORT": "http"])
            #expect(result.status == .exited(78))
            #expect(result.errors.contains("METRICS_PORT: 'http' is not"), "\(result.errors)")
        }

        // MARK: Functions

        /// Calls boto3, and returns its answers as they are.
        private func boto(_ gateway: Gateway, _ calls: [(String, [String: Any])]) async throws -> [Any] {
            let json = try JSONSerialization.data(withJSONObject: calls.map { [$0.0, $0.1] as [Any] })
            let script = try await Program.run(
                ProgramEnvironment.python(),
                [Daemon.scripts + "/boto3_functions.py", gateway.endpoint, String(decoding: json, as: UTF8.self)])
            guard script.status == .exited(0) else { throw Program.Failure("boto3: \(script.errors)") }
            return try #require(
                try JSONSerialization.jsonObject(with: Data(script.output.utf8), options: .fragmentsAllowed) as? [Any])
        }

        private func untilListed(_ name: String, _ gateway: Gateway) async throws {
            try await eventually("\(name) is listed", within: .seconds(20)) {
                try await gateway.get("/2015-03-31/functions/\(name)").status == 200
            }
        }

        @Test func botoListsAndDescribesWhatHasAnnouncedItself() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            let settings = [
                "AWS_LAMBDA_FUNCTION_TIMEOUT": "42", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512", "MAX_CONCURRENCY": "3",
                "AWS_LAMBDA_FUNCTION_VERSION": "7",
            ]
            try await Gateway.with(broker: broker) { gateway in
                try await Daemon.with(.scripted, broker: broker, settings: settings) { daemon in
                    try await self.untilListed(daemon.name, gateway)
                    let answers = try await self.boto(
                        gateway,
                        [
                            ("get_function_configuration", ["FunctionName": daemon.name]),
                            ("get_function", ["FunctionName": "\(daemon.name):$LATEST"]),
                            ("paginate", ["PaginationConfig": ["PageSize": 1]]),
                            ("get_function", ["FunctionName": "nobody"]),
                            ("get_function", ["FunctionName": daemon.name, "Qualifier": "prod"]),
                            ("get_function_configuration", ["FunctionName": "not a name"]),
                            ("list_functions", ["MaxItems": 1]),
                        ])
                    let configuration = try #require(answers[0] as? [String: Any])
                    #expect(configuration["FunctionName"] as? String == daemon.name)
                    let arn = "arn:aws:lambda:us-east-1:012345678912:function:\(daemon.name)"
                    #expect(configuration["FunctionArn"] as? String == arn)
                    #expect(configuration["Timeout"] as? Int == 42)
                    #expect(configuration["MemorySize"] as? Int == 512)
                    #expect(configuration["Version"] as? String == "7")
                    #expect(configuration["PackageType"] as? String == "Image")
                    #expect(configuration["State"] as? String == "Active")
                    #expect(configuration["Description"] as? String == "1 container, 3 of 3 slots free")
                    let function = try #require(answers[1] as? [String: Any])
                    #expect((function["Configuration"] as? [String: Any])?["FunctionArn"] as? String == arn)
                    #expect(function["Code"] as? [String: String] == [:])
                    let pages = try #require(answers[2] as? [[String]])
                    #expect(pages.allSatisfy { $0.count <= 1 })
                    #expect(pages.joined().filter { $0 == daemon.name }.count == 1)
                    for (answer, exception, status) in [
                        (answers[3], "ResourceNotFoundException", 404), (answers[4], "ResourceNotFoundException", 404),
                        (answers[5], "ClientError", 400),
                    ] {
                        let error = try #require(answer as? [String: Any])
                        #expect(error["exception"] as? String == exception)
                        #expect(error["status"] as? Int == status)
                    }
                    #expect(((answers[6] as? [String: Any])?["Functions"] as? [Any])?.count == 1)
                }
            }
        }

        @Test func theAWSCommandLineListsAFunctionUntilItsContainersAreStopped() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            try await Gateway.with(broker: broker) { gateway in
                try await Daemon.with(.scripted, broker: broker) { daemon in
                    try await self.untilListed(daemon.name, gateway)
                    let list = try await Program.run(
                        ProgramEnvironment.value("TEST_AWS_CLI"),
                        [
                            "lambda", "list-functions", "--endpoint-url", gateway.endpoint, "--output", "text",
                            "--query", "Functions[].FunctionName",
                        ],
                        environment: [
                            "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none",
                            "AWS_DEFAULT_REGION": "us-east-1",
                        ])
                    #expect(list.status == .exited(0), "\(list.errors)")
                    #expect(list.output.split(whereSeparator: \.isWhitespace).contains(Substring(daemon.name)))
                    daemon.program.signal(SIGTERM)
                    _ = try await daemon.program.end()
                    // Its goodbye has come: nobody waits for the time after which silence counts.
                    try await eventually("it is listed no more", within: .seconds(5)) {
                        try await gateway.get("/2015-03-31/functions/\(daemon.name)").status == 404
                    }
                }
            }
        }

        @Test func whoSignsSeesWhatHeMayInvokeAndNobodyElseSeesAnything() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            let allowed = Daemon.uniqueName()
            let files = try TemporaryFiles()
            defer { withExtendedLifetime(files) {} }
            let keys = try files.write(
                #"[{"accessKeyId": "none", "secretAccessKey": "none", "functions": ["\#(allowed)"]}]"#, to: "keys.json")
            try await Gateway.with(broker: broker, settings: ["SIGV4_KEYS_FILE": keys]) { gateway in
                try await Daemon.with(.scripted, name: allowed, broker: broker) { _ in
                    try await Daemon.with(.scripted, broker: broker) { other in
                        try await eventually("the function is listed", within: .seconds(20)) {
                            let names = try await self.boto(gateway, [("paginate", [:])])[0] as? [[String]]
                            return names.map { Array($0.joined()) } == [allowed]
                        }
                        let answers = try await self.boto(
                            gateway,
                            [
                                ("get_function", ["FunctionName": allowed]),
                                ("get_function", ["FunctionName": other.name]),
                            ])
                        #expect((answers[0] as? [String: Any])?["Configuration"] != nil)
                        let refusal = try #require(answers[1] as? [String: Any])
                        #expect(refusal["code"] as? String == "AccessDeniedException")
                        #expect((refusal["message"] as? String)?.contains("lambda:GetFunction on resource") == true)
                        for path in ["", "/\(allowed)", "/\(allowed)/configuration"] {
                            #expect(try await gateway.get("/2015-03-31/functions" + path).status == 403)
                        }
                    }
                }
            }
        }

        // MARK: Traces

        @Test func aTraceIsTheSameFromTheCallerToTheRuntimeAndBack() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            let runtime = Daemon.Runtime.python(handler: "functions.trace", in: Daemon.scripts)
            let root = "Root=1-5f84c7a5-0123456789abcdef01234567"
            let header = "\(root);Parent=0123456789abcdef;Sampled=1;Lineage=1:9581a8d4:0"
            let parent = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
            let same = "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=00f067aa0ba902b7;Sampled=1"
            try await Gateway.with(broker: broker) { gateway in
                try await Daemon.with(runtime, broker: broker) { daemon in
                    func seen(_ headers: [String]) async throws -> (runtime: String, caller: String?) {
                        let answer = try await gateway.post(
                            "{}", to: daemon.name, options: headers.flatMap { ["-H", $0] })
                        return (answer.body.replacing("\"", with: ""), answer.headers["x-amzn-trace-id"])
                    }
                    let whole = try await seen(["X-Amzn-Trace-Id: \(header)"])
                    #expect(whole.runtime == header)
                    #expect(whole.caller == header)
                    let fromW3C = try await seen([parent, "tracestate: a=1"])
                    #expect(fromW3C.runtime == same)
                    #expect(fromW3C.caller == same)
                    let both = try await seen([parent, "X-Amzn-Trace-Id: \(header)"])
                    #expect(both.runtime == header)
                    let none = try await seen([])
                    #expect(none.runtime == none.caller)
                    let made = /Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0/
                    #expect(none.runtime.wholeMatch(of: made) != nil)
                }
            }
        }
    }
}
