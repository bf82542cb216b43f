import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Every way in which a function fails, as boto3 sees it: status 200, `Unhandled`, AWS's document (contract 10.4), at
    /// once, one execution, and the next invocation works.
    @Suite struct Failures {
        /// A way to fail, and the document that the caller gets; `ID` stands for the request's id.
        struct Failure: Sendable, CustomTestStringConvertible {
            let how: String
            let document: String
            var errorType: String?
            var testDescription: String { self.how }

            init(_ how: String, _ document: String) {
                self.how = how
                self.document = document
            }

            /// A document that the platform makes.
            init(_ how: String, type: String, _ reason: String) {
                self.init(how, #"{"errorType":"\#(type)","errorMessage":"RequestId: ID Error: \#(reason)"}"#)
                self.errorType = type
            }

            static let all = [
                // As it was posted, to the last space.
                Failure(
                    "error",
                    """
                    {
                     "errorMessage": "on purpose",
                     "errorType": "Exception",
                     "requestId": "ID",
                     "stackTrace": []
                    }
                    """),
                Failure("exit0", type: "Runtime.ExitError", "Runtime exited without providing a reason"),
                Failure("exit3", type: "Runtime.ExitError", "Runtime exited with error: exit status 3"),
                Failure("kill", type: "Runtime.ExitError", "Runtime exited with error: signal: killed"),
                Failure("segv", type: "Runtime.ExitError", "Runtime exited with error: signal: segmentation fault"),
                Failure("abort", type: "Runtime.ExitError", "Runtime exited with error: signal: aborted"),
                Failure(
                    "large",
                    #"{"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).","#
                        + #""errorType":"Function.ResponseSizeTooLarge"}"#),
                Failure(
                    "mode",
                    #"{"errorType":"Runtime.InvalidResponseModeHeader","errorMessage":"RequestId: ID Error: "#
                        + #"Invalid function response mode"}"#),
                Failure(
                    "truncated",
                    #"{"errorType":"Runtime.TruncatedResponse","errorMessage":"RequestId: ID Error: "#
                        + #"HTTP request detected as truncated"}"#),
            ]
        }

        @Test(arguments: Failure.all)
        func isToldAtOnceExecutedOnceAndTheNextInvocationWorks(failure: Failure) async throws {
            let files = try RuntimeFiles()
            let settings = files.settings.merging(["AWS_LAMBDA_FUNCTION_TIMEOUT": "20"]) { $1 }
            try await Daemon.with(.failing, settings: settings) { daemon in
                let event = BotoCall(Payload: #"{"fail": "\#(failure.how)"}"#)
                let answers = try await BotoCall.make([event, event, event, BotoCall(Payload: "[1]")], to: daemon)
                for answer in answers.prefix(3) {
                    let requestID = try #require(answer.requestId)
                    #expect(answer.statusCode == 200)
                    #expect(answer.functionError == "Unhandled")
                    #expect(answer.executedVersion == "$LATEST")
                    #expect(answer.payload == failure.document.replacing("ID", with: requestID))
                }
                #expect(answers.last?.payload == "[1]")
                #expect(answers.last?.functionError == nil)
                // boto3 repeats what it takes for a fault of the service: each id once, and no other.
                #expect(files.notes("execution").map(\.id) == answers.map(\.requestId))
                #expect(try #require(files.quickestAnswer(of: Array(answers.prefix(3)))) < 0.05)
                try await self.expectLog(of: failure, answers[1], in: daemon)
            }
        }

        /// The lines of contract 10.5, of an invocation that had no init of its own to tell of.
        private func expectLog(of failure: Failure, _ answer: BotoCall.Answer, in daemon: Daemon) async throws {
            guard let type = failure.errorType, let requestID = answer.requestId else { return }
            try await eventually("the report is printed", within: .seconds(5)) {
                daemon.program.output.contains("REPORT RequestId: \(requestID)")
            }
            let reason = failure.document.split(separator: " Error: ")[1].dropLast(2)
            #expect(
                daemon.program.output.contains(
                    """
                    START RequestId: \(requestID) Version: $LATEST
                    RequestId: \(requestID) Error: \(reason)
                    \(type)
                    END RequestId: \(requestID)
                    REPORT RequestId: \(requestID)\tDuration:
                    """), "\(daemon.program.output)")
            let report = daemon.program.output.split(separator: "\n").first { $0.hasPrefix("REPORT RequestId: \(requestID)") }
            let form =
                /REPORT RequestId: \S+\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 3008 MB\tMax Memory Used: \d+ MB(\tInit Duration: \d+\.\d\d ms)?\tStatus: error\tError Type: (\S+)\t/
            #expect(report?.wholeMatch(of: form)?.output.2 == Substring(type), "\(report ?? "none")")
        }

        @Test func aTimeoutEndsTheProcessGroupAndKeepsItsFiles() async throws {
            let files = try RuntimeFiles()
            let settings = files.settings.merging(["AWS_LAMBDA_FUNCTION_TIMEOUT": "1"]) { $1 }
            let file = "/tmp/" + Daemon.uniqueName()
            defer { try? FileManager.default.removeItem(atPath: file) }
            try await Daemon.with(.failing, settings: settings) { daemon in
                let process = BotoCall(Payload: #"{"say": "process", "file": "\#(file)"}"#)
                let hang = BotoCall(Payload: #"{"fail": "hang", "child": true, "write": "\#(file)"}"#)
                let answers = try await BotoCall.make([process, hang, process], to: daemon)
                let requestID = try #require(answers[1].requestId)
                #expect(answers[1].statusCode == 200)
                #expect(answers[1].functionError == "Unhandled")
                #expect(
                    answers[1].payload
                        == #"{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: \#(requestID) "#
                        + #"Error: Task timed out after 1.00 seconds"}"#)
                #expect((1..<1.5).contains(answers[1].seconds))
                #expect(files.notes("execution").map(\.id) == answers.map(\.requestId))

                let pids = files.notes("init").map(\.pid)
                #expect(pids.count == 2 && pids[0] != pids[1])
                #expect(answers[0].payload == #"{"pid": \#(pids[0]), "file": false}"#)
                #expect(answers[2].payload == #"{"pid": \#(pids[1]), "file": true}"#)
                let child = try #require(files.notes("child").first?.child)
                try await eventually("the child is gone", within: .seconds(2)) { !Program.isRunning(child) }
                #expect(!Program.isRunning(pids[0]))

                let output = daemon.program.output
                let lines = try Regex(
                    #"START RequestId: \#(requestID) Version: \$LATEST\n\S+Z \#(requestID) Task timed out after 1\.00 seconds\n\n"#
                        + #"END RequestId: \#(requestID)\nREPORT RequestId: \#(requestID)\tDuration: 1000\.00 ms\t"#
                        + #"Billed Duration: 1000 ms\tMemory Size: 3008 MB\tMax Memory Used: \d+ MB\tStatus: timeout\t\n"#)
                #expect(output.contains(lines), "\(output)")
            }
        }

        @Test(arguments: [
            (how: "error", document: #"{"errorMessage": "no init", "errorType": "Init", "requestId": ""}"#),
            (
                how: "3",
                document: #"{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ID Error: "#
                    + #"Runtime exited with error: exit status 3"}"#
            ),
        ])
        func inInitIsToldAfterASecondChance(how: String, document: String) async throws {
            let files = try RuntimeFiles()
            try files.initFails(how)
            let settings = files.settings.merging(["AWS_LAMBDA_FUNCTION_TIMEOUT": "20"]) { $1 }
            try await Daemon.with(.failing, settings: settings) { daemon in
                let call = BotoCall(Payload: "[1]")
                let answers = try await BotoCall.make([call, call], to: daemon)
                for answer in answers {
                    #expect(answer.statusCode == 200)
                    #expect(answer.functionError == "Unhandled")
                    #expect(answer.payload == document.replacing("ID", with: try #require(answer.requestId)))
                }
                // By itself, inside of the first invocation, and inside of the second.
                #expect(files.notes("init").count == 3)
                #expect(files.notes("execution").isEmpty)
                #expect(try #require(files.quickestAnswer(of: answers)) < 0.05)

                try files.initFails(nil)
                #expect(try await BotoCall.make([call], to: daemon).first?.payload == "[1]")
                #expect(files.notes("execution").count == 1)
                let form = /INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: (init|invoke)\tStatus: error\tError Type: \S+/
                let phases = daemon.program.output.split(separator: "\n").compactMap { $0.wholeMatch(of: form)?.output.1 }
                #expect(phases == ["init", "invoke", "invoke"])
            }
        }

        @Test func anInitThatTakesTooLongHasASecondChanceInTheTimeOfTheInvocation() async throws {
            let files = try RuntimeFiles()
            try files.initFails("hang")
            try await Daemon.with(.failing, settings: files.settings) { daemon in
                let answer = try await BotoCall.make([BotoCall(Payload: "[1]")], to: daemon)[0]
                #expect(answer.functionError == nil)
                #expect(answer.payload == "[1]")
                #expect((10..<12).contains(answer.seconds))
                #expect(files.notes("init").count == 2)
                let line = daemon.program.output.split(separator: "\n").first { $0.hasPrefix("INIT_REPORT") }
                #expect(line?.hasSuffix(" ms\tPhase: init\tStatus: timeout") == true, "\(daemon.program.output)")
            }
        }

        @Test func anInitThatAlwaysFailsIsAnsweredAndNotRepeatedInHaste() async throws {
            let files = try RuntimeFiles()
            try files.initFails("1")
            try await Daemon.with(.failing, settings: files.settings) { daemon in
                let started = ContinuousClock.now
                for _ in 0..<6 {
                    let answer = try await daemon.post("1")
                    #expect(answer.body.contains("Runtime.ExitError"))
                }
                // 0.1 + 0.2 + 0.4 + 0.8 + 1.6 s between the invocations, and one start in each, after the first two.
                #expect(ContinuousClock.now - started > .seconds(3))
                #expect(files.notes("init").count == 7)
            }
        }

        @Test func aWarmRuntimeThatCannotStayIsNotRestartedInHaste() async throws {
            let files = try RuntimeFiles()
            let command = """
                echo start >> "$NOTES"; python3 -c 'import http.client, os, threading
                threading.Timer(0.05, os._exit, [1]).start()
                api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
                api.request("GET", "/2018-06-01/runtime/invocation/next"); api.getresponse()'
                """
            let settings = files.settings.merging(["MIN_CONCURRENCY": "1"]) { $1 }
            try await Daemon.with(.command(["sh", "-c", command], in: Daemon.scripts), settings: settings) { _ in
                try await Task.sleep(for: .seconds(3))
                let text = try String(contentsOfFile: files.path("notes"), encoding: .utf8)
                let starts = text.split(separator: "\n").count
                #expect((2...8).contains(starts), "\(starts) starts in three seconds")
            }
        }

        @Test func aProgramThatIsNotThereIsNamed() async throws {
            try await Daemon.with(.command(["/nowhere/bootstrap"], in: Daemon.scripts)) { daemon in
                let answer = try #require(try await BotoCall.make([BotoCall(Payload: "1")], to: daemon).first)
                #expect(answer.statusCode == 200)
                #expect(answer.functionError == "Unhandled")
                let requestID = try #require(answer.requestId)
                #expect(
                    answer.payload
                        == #"{"errorType":"Runtime.InvalidEntrypoint","errorMessage":"RequestId: \#(requestID) "#
                        + #"Error: fork/exec /nowhere/bootstrap: no such file or directory"}"#)
            }
        }
    }
}
