import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// What functions print: in the daemon's output, and in the tails of their invocations.
    @Suite struct Logs {
        private let printing = Daemon.Runtime.python(handler: "functions.printing", in: Daemon.scripts)

        @Test func botoGetsTheTail() async throws {
            try await Daemon.with(self.printing) { daemon in
                #expect(try await BotoAnswer.of(daemon, event: "{}").logTail == nil)
                let answer = try await BotoAnswer.of(daemon, event: "{}", logType: "Tail")
                let requestID = try #require(answer.requestId)
                let lines = try #require(answer.logTail).split(separator: "\n").map(String.init)
                #expect(lines.first == "START RequestId: \(requestID) Version: $LATEST")
                // Python's own order: standard error is not buffered, standard output is flushed by its runtime client.
                #expect(lines.contains("to standard output"))
                #expect(lines.contains("to standard error"))
                #expect(lines.contains { $0.contains("through logging") })
                #expect(lines.suffix(3).first == "the last line")
                #expect(lines.dropLast().last == "END RequestId: \(requestID)")
                #expect(lines.last?.hasPrefix("REPORT RequestId: \(requestID)\tDuration: ") == true)
                #expect(answer.logTail?.hasSuffix(" MB\t\n") == true)
                try await eventually("the daemon printed all of it") {
                    lines.dropLast().allSatisfy { daemon.program.output.contains($0 + "\n") }
                }
            }
        }

        @Test func theTailComesOverAMQPToo() async throws {
            try await Daemon.with(self.printing, broker: try ProgramEnvironment.brokerURI()) { daemon in
                let answer = try await CLI.invoke(daemon.name, "{}", options: ["--log-tail"])
                #expect(answer.status == .exited(0))
                #expect(answer.output.trimmingLastNewline == "{}")
                #expect(answer.errors.contains("\nto standard output\n"))
                #expect(answer.errors.contains("\nREPORT RequestId: "))
            }
        }

        @Test func aRuntimeThatDiesLeavesItsLinesInTheTail() async throws {
            try await Daemon.with(.scripted) { daemon in
                let answer = try await BotoAnswer.of(daemon, event: #"{"do": "kill"}"#, logType: "Tail")
                #expect(answer.functionError == "Unhandled")
                let tail = try #require(answer.logTail)
                #expect(tail.contains("Error: Runtime exited with error: signal: killed\nRuntime.ExitError\nEND "))
                #expect(tail.hasSuffix("\tStatus: error\tError Type: Runtime.ExitError\t\n"))
            }
        }

        @Test func theCompletionOfAStreamHasTheTail() async throws {
            try await Daemon.with(Streaming.runtime) { daemon in
                let answer = try await BotoStream.of(daemon, #"{"chunks": 3, "size": 10}"#)
                let encoded = try #require(answer.complete?.LogResult)
                let tail = String(decoding: try #require(Data(base64Encoded: encoded)), as: UTF8.self)
                let requestID = try #require(answer.requestId)
                #expect(tail.hasPrefix("START RequestId: \(requestID) "))
                #expect(tail.contains("\nEND RequestId: \(requestID)\nREPORT RequestId: \(requestID)\t"))
            }
        }

        @Test func noLineIsTornOrInAnotherInvocationsTail() async throws {
            let count = 50, processes = 3, lines = 100
            let settings = ["MAX_CONCURRENCY": "4", "AWS_LAMBDA_FUNCTION_TIMEOUT": "60"]
            try await Daemon.with(.scripted, settings: settings) { daemon in
                let check = try await Program.run(
                    ProgramEnvironment.python(),
                    [Daemon.scripts + "/log_tails.py", String(daemon.port), daemon.name]
                        + [count, processes, lines].map(String.init), limit: .seconds(120))
                #expect(check.status == .exited(0), "\(check.errors)")
                #expect(check.output.trimmingLastNewline == #"{"problems": []}"#)
                try await eventually("all reports are printed") {
                    daemon.program.output.components(separatedBy: "\nREPORT ").count == count + 1
                }
                let printed = daemon.program.output.split(separator: "\n")
                let whole = /tag=\d+ (last|process=\d+ line=\d+ x{60})/
                #expect(printed.filter { $0.wholeMatch(of: whole) != nil }.count == count * (processes * lines + 1))
                let others = printed.filter {
                    $0.wholeMatch(of: whole) == nil && $0.wholeMatch(of: /(START|END|REPORT) RequestId: .*/) == nil
                }
                // One for each environment.
                #expect(others == Array(repeating: "INIT_START Runtime Version: provided", count: 4))
            }
        }

        @Test func theJSONFormatIsJSONThroughout() async throws {
            let settings = ["AWS_LAMBDA_LOG_FORMAT": "JSON"]
            let runtime = Daemon.Runtime.python(handler: "functions.logging_only", in: Daemon.scripts)
            try await Daemon.with(runtime, settings: settings) { daemon in
                let answer = try await BotoAnswer.of(daemon, event: "{}", logType: "Tail")
                let requestID = try #require(answer.requestId)
                let events = try #require(answer.logTail).split(separator: "\n").map { line in
                    try JSONDecoder().decode(LogLine.self, from: Data(line.utf8))
                }
                #expect(
                    events.compactMap(\.type) == ["platform.start", "platform.runtimeDone", "platform.report"])
                #expect(events.compactMap(\.record?.requestId) == [requestID, requestID, requestID])
                #expect(events.compactMap(\.message) == ["through logging"])
                #expect(events.last?.record?.status == "success")
            }
        }

        @Test func structuredLoggingMakesTheReportsAndTheDaemonsOwnLogJSON() async throws {
            try await Daemon.with(.scripted, settings: ["USE_STRUCTURED_LOGGING": "true"]) { daemon in
                #expect(try await daemon.post("1").body == "1")
                try await eventually("the report is printed") { daemon.program.output.contains(#""platform.report""#) }
                let lines = (daemon.program.output + daemon.program.errors).split(separator: "\n")
                #expect(!daemon.program.errors.isEmpty)
                for line in lines {
                    #expect((try? JSONSerialization.jsonObject(with: Data(line.utf8))) is [String: Any], "\(line)")
                }
            }
        }

        @Test func outputCanBeLeftToTheFunction() async throws {
            try await Daemon.with(self.printing, settings: ["CAPTURE_LOGS": "false"]) { daemon in
                let answer = try await BotoAnswer.of(daemon, event: "{}", logType: "Tail")
                #expect(try #require(answer.logTail).split(separator: "\n").count == 3)
                #expect(daemon.program.errors.contains("to standard error\n"))
                #expect(!daemon.program.output.contains("to standard error"))
            }
        }

        /// A line of the JSON log format: the platform's, or one that the function logged.
        private struct LogLine: Decodable {
            struct Record: Decodable {
                let requestId: String
                let status: String?
            }

            let type: String?
            let record: Record?
            let message: String?
        }
    }
}
