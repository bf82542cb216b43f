import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Signals, exits and time-outs of the daemon and its runtimes.
    @Suite struct ProcessManners {
        @Test func aTerminatedDaemonFinishesWhatHasStarted() async throws {
            try await Daemon.with(.scripted, broker: try ProgramEnvironment.brokerURI()) { daemon in
                let call = try CLI.start(daemon.name, #"{"do": "sleep", "ms": 1500}"#)
                try await Task.sleep(for: .seconds(1))
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
                try await Task.sleep(for: .seconds(1))
                daemon.program.signal(SIGTERM)
                try await Task.sleep(for: .milliseconds(300))
                #expect(Program.isRunning(daemon.program.processID))
                daemon.program.signal(SIGTERM)
                _ = try await daemon.program.end(within: .seconds(5))
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

        @Test func nothingOfTheDaemonsOwnReachesTheFunction() async throws {
            let own = [
                "AMQP_LOOKAHEAD": "1", "MAX_CONCURRENCY": "2", "PRINT_REPORTS": "true", "INVOKE_API_HOST": "127.0.0.1",
                "USE_STRUCTURED_LOGGING": "false", "AWS_LAMBDA_FUNCTION_TIMEOUT": "10",
                "AWS_LAMBDA_FUNCTION_IDLETIMEOUT": "60", "AWS_LAMBDA_FUNCTION_HANDLER": "functions.environment",
                "AMQP_USERNAME": "guest", "AMQP_PASSWORD": "guest",
            ]
            let runtime = Daemon.Runtime.command(
                ["python3", "-m", "awslambdaric", "functions.environment"], in: Daemon.scripts)
            try await Daemon.with(runtime, broker: try ProgramEnvironment.brokerURI(), settings: own) { daemon in
                let body = try await daemon.post("{}").body
                let names = try JSONDecoder().decode([String].self, from: Data(body.utf8))
                #expect(names.contains("AWS_LAMBDA_FUNCTION_NAME"))
                #expect(names.contains("_HANDLER"))
                #expect(Set(own.keys).intersection(names) == [])
                #expect(names.filter { $0.hasPrefix("AMQP_") || $0.hasSuffix("_API_PORT") || $0 == "PORT" } == [])
            }
        }
    }
}
