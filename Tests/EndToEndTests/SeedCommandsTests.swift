import TestSupport
import Testing

extension EndToEnd {
    /// Every command of the echo example's page, against the function on AWS's own Python runtime client.
    @Suite struct SeedCommands {
        private let echo = Daemon.Runtime.python(handler: "echo.handler", in: Daemon.echoExample)
        private let event = #"{"key": "value"}"#

        @Test func curlWithTheGenericNameReachesTheFunction() async throws {
            try await Daemon.with(self.echo, name: "echo-lambda") { daemon in
                let answer = try await daemon.post(self.event, to: "function")
                #expect(answer.status == 200)
                #expect(answer.body == self.event)
            }
        }

        @Test func curlWithTheFunctionsOwnNameReachesIt() async throws {
            try await Daemon.with(self.echo, name: "echo-lambda") { daemon in
                let answer = try await daemon.post(self.event, to: "echo-lambda")
                #expect(answer.status == 200)
                #expect(answer.body == self.event)
                #expect(answer.headers["x-amz-executed-version"] == "$LATEST")
                #expect(answer.headers["x-amzn-requestid"] != nil)
            }
        }

        @Test func aQuotedStringIsAnEvent() async throws {
            try await Daemon.with(self.echo) { daemon in
                let answer = try await daemon.post("\"hello\"")
                #expect(answer.status == 200)
                #expect(answer.body == "\"hello\"")
            }
        }

        @Test func aBareWordIsRefusedAndSaidToBeNotJSON() async throws {
            try await Daemon.with(self.echo) { daemon in
                let answer = try await daemon.post("hello")
                #expect(answer.status == 400)
                #expect(answer.headers["x-amzn-errortype"] == "InvalidRequestContentException")
                #expect(answer.body.contains("Could not parse request body into json"))
            }
        }

        @Test func anotherFunctionsNameIsNotFound() async throws {
            try await Daemon.with(self.echo) { daemon in
                let answer = try await daemon.post(self.event, to: "somebody-else")
                #expect(answer.status == 404)
                #expect(answer.headers["x-amzn-errortype"] == "ResourceNotFoundException")
            }
        }

        @Test func theAWSCommandLineInvokesIt() async throws {
            try await Daemon.with(self.echo, name: "echo-lambda") { daemon in
                var environment = try Daemon.environment()
                environment["AWS_DEFAULT_REGION"] = "us-east-1"
                environment["AWS_ACCESS_KEY_ID"] = "none"
                environment["AWS_SECRET_ACCESS_KEY"] = "none"
                let answer = try await Program.run(
                    "sh",
                    [
                        "-c",
                        """
                        \(try ProgramEnvironment.value("TEST_AWS_CLI")) lambda invoke --endpoint-url http://localhost:\(daemon.port) --function-name echo-lambda \
                        --cli-binary-format raw-in-base64-out --payload '{ "key": "value" }' /dev/stderr 1>/dev/null
                        """,
                    ], environment: environment)
                #expect(answer.status == .exited(0))
                #expect(answer.errors == self.event)
            }
        }

        @Test func theURIWithItsOptionsAndWithoutAnAccountConnects() async throws {
            let options = "?connection_attempts=20&retry_delay=10&heartbeat=0"
            let port = try #require(try ProgramEnvironment.brokerURI().split(separator: ":").last)
            try await Daemon.with(self.echo, broker: "amqp://127.0.0.1:\(port)\(options)") { daemon in
                let answer = try await CLI.invoke(daemon.name, self.event)
                #expect(answer.status == .exited(0), "\(answer.errors)")
                #expect(answer.output.trimmingLastNewline == self.event)
                #expect(try await daemon.post(self.event).body == self.event)
            }
        }

        @Test func theEntrypointOfAnImageStartsTheDaemon() async throws {
            let port = ProgramPort.free()
            let daemon = try ProgramEnvironment.program("lambda-runtime-api-daemon")
            var environment = try Daemon.environment()
            environment["LAMBDA_RUNTIME_API_DAEMON"] = daemon
            environment["PORT"] = String(port)
            environment["RUNTIME_API_PORT"] = String(ProgramPort.free())
            let program = try Program(
                Daemon.echoExample + "/lambda-entrypoint.sh", ["echo.handler"], environment: environment,
                in: Daemon.echoExample)
            defer { program.killGroup() }
            try await eventually("the entrypoint's daemon listens") { ProgramPort.accepts(port) }
            let url = "http://localhost:\(port)/2015-03-31/functions/function/invocations"
            #expect(try await HTTPAnswer.of(url, body: self.event).body == self.event)
        }

        /// Standalone, without a single setting: port 8080, Runtime API on 9001, no broker. Where somebody has one of these
        /// ports already, the daemon must say so and end.
        @Test func theStandaloneCommandNeedsNoSettings() async throws {
            let taken = ProgramPort.accepts(8080) || ProgramPort.accepts(9001)
            let program = try Program(
                ProgramEnvironment.program("lambda-runtime-api-daemon"), ["python3", "-m", "awslambdaric", "echo.handler"],
                environment: try Daemon.environment(), in: Daemon.echoExample)
            defer { program.killGroup() }
            if taken {
                #expect(try await program.end() == .exited(1))
                #expect(program.everything.contains("PORT"))
                return
            }
            try await eventually("the daemon listens on 8080") { ProgramPort.accepts(8080) }
            let url = "http://localhost:8080/2015-03-31/functions/function/invocations"
            #expect(try await HTTPAnswer.of(url, body: self.event).body == self.event)
        }
    }
}

extension String {
    /// Without the newline that ends the last line, if there is one.
    var trimmingLastNewline: String { self.hasSuffix("\n") ? String(self.dropLast()) : self }
}
