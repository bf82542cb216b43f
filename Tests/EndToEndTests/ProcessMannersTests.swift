import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Signals, exits and time-outs of the daemon and its runtimes.
    @Suite struct ProcessManners {
        @Test func aTerminatedDaemonFinishesWhatHasStarted() async throws {
            try await Daemon.with(.scripted, broker: try ProgramEnvironment.brokerURI()) { daemon in
                let call = try CLI.start(daemon.name, #"{"do": "sleep", "ms": 1500}"#)
                // The first was the one by which the daemon was found ready.
                try await daemon.untilStarted(invocations: 2)
                daemon.program.signal(SIGTERM)
                let answer = try await call.result()
                #expect(answer.status == .exited(0), "\(answer.errors)")
                #expect(try await daemon.program.end() == .exited(0))
            }
        }

        @Test func aSecondSignalEndsTheDaemonAtOnce() async throws {
            let settings = ["AWS_LAMBDA_FUNCTION_TIMEOUT": "60"]
            try await Daemon.with(.scripted, broker: try ProgramEnvironment.brokerURI(), settings: settings) { daemon in
                let call = try CLI.start(daemon.name, #"{"do": "sleep", "ms": 50000}"#)
                defer { call.killGroup() }
                // The first was the one by which the daemon was found ready.
                try await daemon.untilStarted(invocations: 2)
                daemon.program.signal(SIGTERM)
                try await Task.sleep(for: .milliseconds(300))
                #expect(Program.isRunning(daemon.program.processID))
                daemon.program.signal(SIGTERM)
                _ = try await daemon.program.end(within: .seconds(5))
            }
        }

        @Test func aDrainTakesNoLongerThanItMay() async throws {
            let settings = ["AWS_LAMBDA_FUNCTION_TIMEOUT": "60", "DRAIN_SECONDS": "1"]
            try await Daemon.with(.scripted, broker: try ProgramEnvironment.brokerURI(), settings: settings) { daemon in
                let call = try CLI.start(daemon.name, #"{"do": "sleep", "ms": 50000}"#)
                defer { call.killGroup() }
                // The first was the one by which the daemon was found ready.
                try await daemon.untilStarted(invocations: 2)
                let started = ContinuousClock.now
                daemon.program.signal(SIGTERM)
                #expect(try await daemon.program.end(within: .seconds(5)) == .exited(1))
                #expect(ContinuousClock.now - started >= .milliseconds(900))
            }
        }

        @Test func aKilledDaemonLeavesNoRuntimeBehind() async throws {
            try await Daemon.with(.scripted) { daemon in
                let runtime = try await daemon.who().pid
                #expect(Program.isRunning(runtime))
                daemon.program.signal(SIGKILL)
                try await eventually("the runtime is gone", within: .seconds(3)) { !Program.isRunning(runtime) }
            }
        }

        @Test func aRuntimeThatExitsFailsItsInvocationAtOnceAndTheNextOneRuns() async throws {
            try await Daemon.with(.scripted, settings: ["AWS_LAMBDA_FUNCTION_TIMEOUT": "30"]) { daemon in
                let started = ContinuousClock.now
                let answer = try await daemon.post(#"{"do": "exit", "code": 3}"#)
                #expect(answer.status == 200)
                #expect(answer.headers["x-amz-function-error"] == "Unhandled")
                #expect(answer.body.contains(#""errorType":"Runtime.ExitError""#))
                #expect(answer.body.contains("Runtime exited with error: exit status 3"))
                #expect(ContinuousClock.now - started < .seconds(5))

                let killed = try await daemon.post(#"{"do": "kill"}"#)
                #expect(killed.body.contains("Runtime exited with error: signal: killed"))
                #expect(try await daemon.post("\"next\"").body == "\"next\"")
            }
        }

        @Test func aTimeOutKillsTheRuntimeAndTheNextInvocationSeesAFreshOne() async throws {
            try await Daemon.with(.scripted, settings: ["AWS_LAMBDA_FUNCTION_TIMEOUT": "1"]) { daemon in
                let slow = try await daemon.who().pid
                let answer = try await daemon.post(#"{"do": "sleep", "ms": 20000}"#)
                #expect(answer.status == 200)
                #expect(answer.headers["x-amz-function-error"] == "Unhandled")
                #expect(answer.body.contains("Task timed out after 1.00 seconds"))
                #expect(try await daemon.who().pid != slow)
                #expect(!Program.isRunning(slow))
            }
        }

        /// A new setting fails this test until somebody has decided whose it is.
        @Test func nothingOfTheDaemonsOwnReachesTheFunction() async throws {
            let files = try TemporaryFiles()
            let own = [
                "METRICS_HOST": "127.0.0.1", "METRICS_PORT": String(ProgramPort.free()),
                "FUNCTION_URL_PORT": String(ProgramPort.free()), "FUNCTION_URL_TRUST_PROXY": "true",
                "FUNCTION_URL_FILE": try files.write(#"{"payloadFormat": "1.0"}"#, to: "url.json"),
                "AMQP_CONSUMER_PRIORITY": "0", "AMQP_PREFER_WARM": "false", "DRAIN_SECONDS": "20",
                "CLOCK_SKEW": "5", "IDEMPOTENCY_SECONDS": "300",
                "AMQP_LOOKAHEAD": "1", "MAX_CONCURRENCY": "2", "MIN_CONCURRENCY": "1", "PRINT_REPORTS": "true",
                "CAPTURE_LOGS": "true", "USE_STRUCTURED_LOGGING": "false", "INVOKE_API_HOST": "127.0.0.1",
                "AWS_LAMBDA_FUNCTION_TIMEOUT": "10", "AWS_LAMBDA_FUNCTION_IDLETIMEOUT": "60",
                "AWS_LAMBDA_FUNCTION_HANDLER": "functions.environment", "AMQP_USERNAME": "guest",
                "AMQP_PASSWORD": "guest", "LAMBDA_EXTENSIONS_DIRECTORY": "/opt", "RUNTIME_API_HOST": "127.0.0.1",
                "STREAMED_RESPONSE_LIMIT": "1000000", "REQUEST_LIMIT": "6291456", "RESPONSE_LIMIT": "6291556",
                "EVENT_LIMIT": "1048576", "REQUIRE_JSON": "true", "MAX_WAITING": "1000", "MAX_WAITING_SECONDS": "60",
                "ENABLE_OPENFAAS": "false", "AWS_LAMBDA_MAX_CONCURRENCY": "1",
                "CALLER_RESERVED_CONCURRENCY": "1", "EVENT_QUEUE_TYPE": "classic", "EVENT_RETRIES": "1",
                "EVENT_RETRY_WAITS": "1", "EVENT_MAX_AGE": "60", "EVENT_ON_SUCCESS": "records",
                "EVENT_ON_FAILURE": "records/failed",
            ]
            // The test's daemon has them, too.
            let always: Set = ["AMQP_URI", "INVOKE_API_PORT", "RUNTIME_API_PORT"]
            // Lambda's names, and what a function may want to know as well; PORT is its own beside INVOKE_API_PORT.
            let shared: Set = [
                "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                "AWS_REGION", "AWS_LAMBDA_LOG_FORMAT", "LOG_LEVEL", "PORT",
            ]
            // With these no function runs, or under another name.
            let otherwise: Set = ["KUBERNETES_INIT_CONTAINER", "AWS_LAMBDA_FUNCTION_QUALIFIER"]
            let help = try await Program.run(ProgramEnvironment.program("lambda-runtime-api-daemon"), ["--help"])
            let settings = Set(help.output.matches(of: #/(?m)^  ([A-Z][A-Z_]+) /#).map { String($0.1) })
            #expect(settings == always.union(shared).union(otherwise).union(own.keys))

            let runtime = Daemon.Runtime.command(
                ["python3", "-m", "awslambdaric", "functions.environment"], in: Daemon.scripts)
            let broker = try ProgramEnvironment.brokerURI()
            try await Daemon.with(
                runtime, broker: broker, applicationPort: ProgramPort.free(), settings: own
            ) { daemon in
                let body = try await daemon.post("{}").body
                let names = try JSONDecoder().decode([String].self, from: Data(body.utf8))
                #expect(
                    Set(names).isSuperset(of: [
                        "_HANDLER", "_INSTANCE", "PORT", "PATH", "LANG", "TZ", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
                        "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION",
                        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_RUNTIME_API",
                        "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_XRAY_CONTEXT_MISSING",
                    ]))
                #expect(always.union(own.keys).intersection(names) == [])
            }
        }
    }
}
