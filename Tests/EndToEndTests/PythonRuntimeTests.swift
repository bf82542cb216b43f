import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// AWS's own runtime client for Python, where it fails and is refused.
    @Suite struct PythonRuntime {
        private func withHandler(_ name: String, _ body: (Daemon) async throws -> Void) async throws {
            let settings = [
                "AWS_LAMBDA_FUNCTION_TIMEOUT": "20", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
                "PYTHONDONTWRITEBYTECODE": "1",
            ]
            let runtime = Daemon.Runtime.python(handler: name, in: Daemon.scripts)
            try await Daemon.with(runtime, settings: settings, body)
        }

        /// The runtime client ends when it is refused; its caller must not be told of that instead.
        @Test func aResponseThatIsTooLargeIsToldAsSuchEachTime() async throws {
            try await self.withHandler("python_failures.sized") { daemon in
                let large = BotoCall(Payload: #"{"size": 6291555}"#)
                let answers = try await BotoCall.make(
                    [large, large, BotoCall(Payload: #"{"size": 6291554}"#)], to: daemon)
                for answer in answers.prefix(2) {
                    #expect(answer.statusCode == 200)
                    #expect(answer.functionError == "Unhandled")
                    #expect(
                        answer.payload == #"{"errorMessage":"Response payload size exceeded maximum allowed payload "#
                            + #"size (6291556 bytes).","errorType":"Function.ResponseSizeTooLarge"}"#)
                }
                #expect(answers[2].functionError == nil)
                #expect(answers[2].payloadByteCount == 6_291_556)
            }
        }

        /// It sends the message once more in a header for X-Ray, of nearly a mebibyte.
        @Test func anExceptionOfManyWordsComesBackWhole() async throws {
            try await self.withHandler("python_failures.failing") { daemon in
                let answers = try await BotoCall.make(
                    [BotoCall(Payload: #"{"size": 900000}"#), BotoCall(Payload: #"{"size": 3}"#)], to: daemon)
                #expect(answers.map(\.functionError) == ["Unhandled", "Unhandled"])
                #expect(try #require(answers[0].payloadByteCount) > 900_000)
                let document = try #require(answers[1].payload)
                let error = try #require(try JSONSerialization.jsonObject(with: Data(document.utf8)) as? [String: Any])
                #expect(error["errorMessage"] as? String == "xxx")
                #expect(error["errorType"] as? String == "ValueError")
                #expect(error["requestId"] as? String == answers[1].requestId)
                #expect((error["stackTrace"] as? [Any])?.isEmpty == false)
            }
        }

        @Test func aModuleThatIsNotThereIsAnInitError() async throws {
            try await self.withHandler("no_such_module.handler") { daemon in
                let answer = try await BotoCall.make([BotoCall(Payload: "{}")], to: daemon)[0]
                #expect(answer.statusCode == 200)
                #expect(answer.functionError == "Unhandled")
                let document = try #require(answer.payload)
                let error = try #require(try JSONSerialization.jsonObject(with: Data(document.utf8)) as? [String: Any])
                #expect(error["errorType"] as? String == "Runtime.ImportModuleError")
                #expect(error["requestId"] as? String == "")
                #expect((error["errorMessage"] as? String)?.contains("no_such_module") == true)
                // The client names the type in a header, and the log tells it; init comes before the invocation.
                let id = try #require(answer.requestId)
                try await eventually("the report is printed") {
                    daemon.program.output.contains("\nREPORT RequestId: \(id)")
                }
                let status = "Status: error\tError Type: Runtime.ImportModuleError"
                let lines = daemon.program.output.split(separator: "\n").filter {
                    $0.wholeMatch(of: /(INIT_REPORT|START|END|REPORT) .*/) != nil
                }
                #expect(
                    lines.map { $0.split(separator: " ")[0] }
                        == ["INIT_REPORT", "INIT_REPORT", "START", "END", "REPORT"])
                #expect(lines[0].hasSuffix("\tPhase: init\t" + status))
                #expect(lines[1].hasSuffix("\tPhase: invoke\t" + status))
                #expect(lines[4].hasSuffix("\t" + status + "\t"))
                #expect(!lines[4].contains("Max Memory Used: 0 MB"))
            }
        }

        @Test func aHandlerThatEndsItsProcessIsAnExit() async throws {
            try await self.withHandler("python_failures.exiting") { daemon in
                let answers = try await BotoCall.make(
                    [BotoCall(Payload: #"{"exits": true}"#), BotoCall(Payload: #"{"exits": false}"#)], to: daemon)
                let requestID = try #require(answers[0].requestId)
                #expect(
                    answers[0].payload == #"{"errorType":"Runtime.ExitError","errorMessage":"RequestId: \#(requestID) "#
                        + #"Error: Runtime exited with error: exit status 3"}"#)
                #expect(answers[1].payload == #"{"exits": false}"#)
                // What the runtime is, is known from its first `next` on: from the second init's line on.
                let inits = daemon.program.output.split(separator: "\n").filter { $0.hasPrefix("INIT_START ") }
                #expect(inits.count == 2)
                #expect(inits.first == "INIT_START Runtime Version: provided")
                #expect(inits.last?.hasPrefix("INIT_START Runtime Version: aws-lambda-python/") == true)
            }
        }

        @Test func theContextIsWhatTheCallerAndTheSettingsSay() async throws {
            struct Told: Decodable {
                let id, name, version, arn, memory, group, stream: String
                let custom: [String: String]?
                let remaining: Int
            }

            try await self.withHandler("python_failures.told") { daemon in
                let context = Data(#"{"custom": {"color": "blue"}}"#.utf8).base64EncodedString()
                let answer = try await BotoCall.make(
                    [BotoCall(Payload: "{}", Qualifier: "$LATEST", ClientContext: context)], to: daemon)[0]
                let told = try JSONDecoder().decode(Told.self, from: Data(try #require(answer.payload).utf8))
                #expect(told.id == answer.requestId)
                #expect(told.name == daemon.name && told.version == "$LATEST" && told.memory == "256")
                #expect(told.arn == "arn:aws:lambda:us-east-1:012345678912:function:\(daemon.name):$LATEST")
                #expect(told.group == "/aws/lambda/\(daemon.name)")
                #expect(told.stream.wholeMatch(of: /\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}/) != nil)
                #expect(told.custom == ["color": "blue"])
                #expect((15_000...20_000).contains(told.remaining))
            }
        }
    }
}
