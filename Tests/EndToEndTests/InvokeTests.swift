import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// The Invoke API as boto3 and curl use it: names, invocation types, payloads, sizes and errors (contract 1, 3).
    @Suite struct Invoke {
        private func withDaemon(
            _ more: [String: String] = [:], _ body: (Daemon, RuntimeFiles) async throws -> Void
        ) async throws {
            let files = try RuntimeFiles()
            let settings = files.settings.merging(["AWS_LAMBDA_FUNCTION_TIMEOUT": "20"]) { $1 }.merging(more) { $1 }
            try await Daemon.with(.failing, settings: settings) { try await body($0, files) }
        }

        // MARK: Names

        @Test func aFunctionIsInvokedByEveryFormOfItsName() async throws {
            try await self.withDaemon(["AWS_LAMBDA_FUNCTION_QUALIFIER": "live"]) { daemon, _ in
                let name = daemon.name
                let calls: [(name: String, qualifier: String?, arnEnd: String)] = [
                    (name, nil, name), ("\(name):$LATEST", nil, "\(name):$LATEST"), ("\(name):live", nil, "\(name):live"),
                    ("123456789012:function:\(name)", nil, name),
                    ("arn:aws:lambda:eu-west-1:123456789012:function:\(name)", nil, name),
                    ("arn:aws:lambda:eu-west-1:123456789012:function:\(name):live", nil, "\(name):live"),
                    ("function", nil, name), (name, "live", "\(name):live"), ("\(name):live", "live", "\(name):live"),
                ]
                let answers = try await BotoCall.make(
                    calls.map {
                        BotoCall(FunctionName: $0.name, Payload: #"{"say": "headers"}"#, Qualifier: $0.qualifier)
                    }, to: daemon)
                for (call, answer) in zip(calls, answers) {
                    #expect(answer.statusCode == 200, "\(call.name)")
                    #expect(answer.executedVersion == "$LATEST")
                    let headers = try self.headers(answer)
                    #expect(
                        headers["lambda-runtime-invoked-function-arn"]
                            == "arn:aws:lambda:us-east-1:012345678912:function:\(call.arnEnd)")
                    #expect(headers["lambda-runtime-aws-request-id"] == answer.requestId)
                }
                // curl sends colons and dollar signs as they are, or encoded, or both.
                for path in ["\(name):$LATEST", "\(name)%3A%24LATEST", "\(name)%3A$LATEST", "\(name)?Qualifier=%24LATEST"] {
                    let parts = path.split(separator: "?", maxSplits: 1)
                    let url = "http://localhost:\(daemon.port)/2015-03-31/functions/\(parts[0])/invocations"
                    let answer = try await HTTPAnswer.of(
                        url + (parts.count > 1 ? "?\(parts[1])" : ""), body: #"{"say": "headers"}"#)
                    #expect(answer.body.contains(#"function:\#(name):$LATEST""#), "\(path): \(answer.body)")
                }
            }
        }

        @Test func aNameThatIsNotServedIsATypedError() async throws {
            try await self.withDaemon { daemon, files in
                let long = String(repeating: "a", count: 256)
                let answers = try await BotoCall.make(
                    [
                        BotoCall(FunctionName: "\(daemon.name):live", Qualifier: "$LATEST"),
                        BotoCall(FunctionName: "other"), BotoCall(FunctionName: "other", Qualifier: "live"),
                        BotoCall(FunctionName: "arn:aws:lambda:us-east-1:123456789012:function"),
                        BotoCall(FunctionName: "no name!"), BotoCall(FunctionName: String(long.prefix(65))),
                        BotoCall(FunctionName: long), BotoCall(FunctionName: long + "a"),
                        BotoCall(Qualifier: String(long.prefix(129))),
                    ], to: daemon)
                let arn = "Function not found: arn:aws:lambda:us-east-1:012345678912:function:"
                self.expect(
                    answers[0], 400, "InvalidParameterValueException",
                    "The derived qualifier from the function name does not match the specified qualifier.")
                self.expect(answers[1], 404, "ResourceNotFoundException", arn + "other:$LATEST")
                self.expect(answers[2], 404, "ResourceNotFoundException", arn + "other:live")
                // The pattern takes it for a function that is called `function`, which is ours here.
                #expect(answers[3].statusCode == 200)
                self.expect(
                    answers[4], 400, "ValidationException",
                    "1 validation error detected: Value 'no name!' at 'functionName' failed to satisfy constraint: "
                        + "Member must satisfy regular expression pattern: ", isModelled: false)
                self.expect(answers[5], 404, "ResourceNotFoundException", arn + long.prefix(65) + ":$LATEST")
                self.expect(answers[6], 404, "ResourceNotFoundException", arn + long + ":$LATEST")
                self.expect(
                    answers[7], 400, "ValidationException", "1 validation error detected: Value '\(long)a' at "
                        + "'functionName' failed to satisfy constraint: Member must have length less than or equal to 256",
                    isModelled: false)
                self.expect(answers[8], 400, "ValidationException", "1 validation error detected: ", isModelled: false)
                #expect(files.notes("execution").count == 1)
            }
        }

        // MARK: Invocation types

        @Test func anEventIsAcceptedRunAndItsResultLogged() async throws {
            try await self.withDaemon { daemon, files in
                let answers = try await BotoCall.make(
                    [
                        BotoCall(Payload: #"{"n": 1}"#, InvocationType: "Event", LogType: "Tail"),
                        BotoCall(Payload: #"{"fail": "exit3"}"#, InvocationType: "Event"),
                        BotoCall(Payload: #"{"n": 2}"#, operation: "invoke_async"),
                    ], to: daemon)
                for answer in answers {
                    #expect(answer.statusCode == 202)
                    #expect(answer.payloadByteCount == 0)
                    #expect(answer.executedVersion == nil && answer.functionError == nil && answer.logTail == nil)
                    #expect(answer.headers["x-amz-executed-version"] == nil)
                }
                for ending in ["invoke-async", "invoke-async/"] {
                    let url = "http://localhost:\(daemon.port)/2014-11-13/functions/\(daemon.name)/\(ending)"
                    let answer = try await HTTPAnswer.of(url, body: #"{"n": 3}"#)
                    #expect(answer.status == 202)
                    #expect(answer.body.isEmpty)
                }
                try await eventually("all are run", within: .seconds(10)) { files.notes("execution").count == 5 }
                #expect(files.notes("execution").prefix(3).map(\.id) == answers.map(\.requestId))
                let ids = answers.compactMap(\.requestId)
                try await eventually("what became of them is logged", within: .seconds(5)) {
                    let lines = daemon.program.errors.split(separator: "\n")
                    return lines.contains { $0.contains(ids[0]) && $0.contains(#"{"n": 1}"#) }
                        && lines.contains { $0.contains(ids[1]) && $0.contains("exit status 3") }
                }
            }
        }

        @Test func aDryRunChecksAndRunsNothing() async throws {
            try await self.withDaemon { daemon, files in
                let answers = try await BotoCall.make(
                    [
                        BotoCall(Payload: "{}", InvocationType: "DryRun"),
                        BotoCall(FunctionName: "other", InvocationType: "DryRun"),
                        BotoCall(Payload: "{", InvocationType: "DryRun"), BotoCall(Payload: "{}", InvocationType: "Never"),
                        BotoCall(Payload: "{}", LogType: "Head"),
                    ], to: daemon)
                #expect(answers[0].statusCode == 204)
                #expect(answers[0].payloadByteCount == 0)
                #expect(answers[0].executedVersion == nil)
                #expect(answers[0].requestId?.count == 36)
                #expect(answers[1].statusCode == 404)
                self.expect(answers[2], 400, "InvalidRequestContentException", "Could not parse request body into json: ")
                self.expect(
                    answers[3], 400, "ValidationException", "1 validation error detected: Value 'Never' at "
                        + "'invocationType' failed to satisfy constraint: Member must satisfy enum value set: "
                        + "[Event, RequestResponse, DryRun]", isModelled: false)
                self.expect(
                    answers[4], 400, "ValidationException", "1 validation error detected: Value 'Head' at 'logType' "
                        + "failed to satisfy constraint: Member must satisfy enum value set: [None, Tail]",
                    isModelled: false)
                #expect(files.notes("execution").isEmpty)
            }
        }

        @Test func oneIDOfAnSDKsCallIsTwoInvocations() async throws {
            try await self.withDaemon { daemon, _ in
                let url = "http://localhost:\(daemon.port)/2015-03-31/functions/\(daemon.name)/invocations"
                var ids: Set<String?> = []
                for _ in 0..<2 {
                    let answer = try await HTTPAnswer.of(url, body: "1", options: ["-H", "amz-sdk-invocation-id: 1-2-3"])
                    ids.insert(answer.headers["x-amzn-requestid"])
                }
                #expect(ids.count == 2 && !ids.contains(nil) && !ids.contains("1-2-3"))
            }
        }

        // MARK: Payloads and sizes

        @Test func payloadsAreCheckedAndPassedOnUntouched() async throws {
            try await self.withDaemon { daemon, files in
                let text = #" { "b" : 1.50e1 , "a":[ "ä" , null ] } "#
                let answers = try await BotoCall.make(
                    [BotoCall(), BotoCall(Payload: text), BotoCall(Payload: "null"), BotoCall(Payload: "{'a': 1}")],
                    to: daemon)
                #expect(answers.prefix(3).map(\.payload) == ["{}", text, "null"])
                self.expect(
                    answers[3], 400, "InvalidRequestContentException",
                    "Could not parse request body into json: Could not parse payload into json: ")
                #expect(answers[3].type == "User")
                #expect(files.notes("execution").count == 3)
            }
        }

        @Test func sizesAtTheEdgePassAndOneOverDoesNot() async throws {
            try await self.withDaemon { daemon, files in
                let answers = try await BotoCall.make(
                    [
                        BotoCall(PayloadByteCount: 6_291_456), BotoCall(PayloadByteCount: 6_291_457),
                        BotoCall(PayloadByteCount: 1_048_576, InvocationType: "Event"),
                        BotoCall(PayloadByteCount: 1_048_577, InvocationType: "Event"),
                        BotoCall(Payload: #"{"respond": 6291556}"#), BotoCall(Payload: #"{"respond": 6291557}"#),
                        BotoCall(Payload: #"{"say": "headers"}"#, ContextByteCount: 3583),
                        BotoCall(Payload: #"{"say": "headers"}"#, ContextByteCount: 3584),
                        BotoCall(Payload: #"{"say": "headers"}"#, TenantId: String(repeating: "t", count: 256)),
                        BotoCall(Payload: #"{"say": "headers"}"#, TenantId: String(repeating: "t", count: 257)),
                    ], to: daemon)
                #expect(answers[0].payloadByteCount == 6_291_456)
                self.expect(
                    answers[1], 413, "RequestTooLargeException",
                    "6291457 byte payload is too large for the RequestResponse invocation type (limit 6291456 bytes)")
                #expect(answers[2].statusCode == 202)
                self.expect(
                    answers[3], 413, "RequestTooLargeException",
                    "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)")
                #expect(answers[4].payloadByteCount == 6_291_556 && answers[4].functionError == nil)
                #expect(answers[5].statusCode == 200 && answers[5].functionError == "Unhandled")
                let context = try #require(try self.headers(answers[6])["lambda-runtime-client-context"])
                #expect(context.utf8.count == 2687)
                #expect((try JSONSerialization.jsonObject(with: Data(context.utf8)) as? [String: Any])?["custom"] != nil)
                #expect(answers[7].errorCode == "InvalidRequestContentException")
                #expect(try self.headers(answers[8])["lambda-runtime-aws-tenant-id"]?.count == 256)
                self.expect(answers[9], 400, "ValidationException", "1 validation error detected: ", isModelled: false)
                #expect(files.notes("execution").count == 6)
            }
        }

        /// curl asks before it sends a large body, the runtime in bash through curl as well.
        @Test func aBodyThatIsAskedForFirstIsTaken() async throws {
            let files = try TemporaryFiles()
            let file = try files.write("\"" + String(repeating: "x", count: 6_291_454) + "\"", to: "event")
            let runtime = Daemon.Runtime.command(["./bootstrap"], in: Daemon.echoExample)
            try await Daemon.with(runtime, settings: ["AWS_LAMBDA_FUNCTION_TIMEOUT": "20"]) { daemon in
                let curl = try await Program.run(
                    "curl",
                    [
                        "--silent", "--show-error", "--data-binary", "@" + file, "-H", "Expect: 100-continue",
                        "--expect100-timeout", "10", "--write-out", "\n%{http_code} %{time_total}",
                        "http://localhost:\(daemon.port)/2015-03-31/functions/function/invocations",
                    ])
                let parts = curl.output.split(separator: "\n")
                #expect(parts.first?.utf8.count == 6_291_456)
                let words = try #require(parts.last).split(separator: " ")
                #expect(words[0] == "200")
                // Without a word from the server, curl would have waited for ten seconds.
                #expect(try #require(Double(words[1])) < 5)
            }
        }

        @Test func everyLimitOfAPayloadIsASetting() async throws {
            let limits = [
                "REQUEST_LIMIT": "100", "RESPONSE_LIMIT": "200", "EVENT_LIMIT": "50", "REQUIRE_JSON": "false",
            ]
            try await self.withDaemon(limits) { daemon, files in
                let answers = try await BotoCall.make(
                    [
                        BotoCall(PayloadByteCount: 100), BotoCall(PayloadByteCount: 101),
                        BotoCall(Payload: #"{"respond": 200}"#), BotoCall(Payload: #"{"respond": 201}"#),
                        BotoCall(PayloadByteCount: 50, InvocationType: "Event"),
                        BotoCall(PayloadByteCount: 51, InvocationType: "Event"), BotoCall(Payload: "not JSON"),
                    ], to: daemon)
                #expect(answers.map(\.statusCode) == [200, 413, 200, 200, 202, 413, 200])
                #expect(answers[2].payloadByteCount == 200)
                #expect(answers[3].payload?.contains("(200 bytes)") == true)
                #expect(answers[6].payload == "not JSON")
                #expect(files.notes("execution").count == 5)
            }
        }

        @Test func aTailHasItsLast4096Bytes() async throws {
            try await self.withDaemon { daemon, _ in
                let answers = try await BotoCall.make(
                    [
                        BotoCall(Payload: #"{"print": 10000}"#, LogType: "Tail"),
                        BotoCall(Payload: #"{"print": 100}"#, LogType: "Tail"),
                    ], to: daemon)
                let tail = try #require(answers[0].logTail)
                #expect(tail.utf8.count == 4096)
                #expect(tail.hasPrefix("xxx") && tail.hasSuffix("\t\n") && tail.contains("\nREPORT RequestId: "))
                #expect(answers[1].logTail?.hasPrefix("START RequestId: \(answers[1].requestId ?? "-") ") == true)
            }
        }

        // MARK: No room

        @Test func whoWaitsTooLongOrInTooLongAQueueIsToldToComeAgain() async throws {
            let settings = ["MAX_WAITING": "1", "MAX_WAITING_SECONDS": "1"]
            try await self.withDaemon(settings) { daemon, files in
                async let busy = daemon.post(#"{"sleep": 5000}"#)
                try await eventually("it runs") { files.notes("execution").count == 1 }
                let started = ContinuousClock.now
                async let waiting = daemon.post("1")
                try await Task.sleep(for: .milliseconds(300))
                let refused = try await daemon.post("2")
                #expect(ContinuousClock.now - started < .milliseconds(900))
                let overdue = try await waiting
                #expect((.milliseconds(1000)...(.milliseconds(1600))).contains(ContinuousClock.now - started))
                for answer in [refused, overdue] {
                    #expect(answer.status == 429)
                    #expect(answer.headers["retry-after"] == "1")
                    #expect(answer.headers["x-amzn-errortype"] == "TooManyRequestsException")
                    #expect(
                        answer.body == #"{"Type":"User","message":"Rate Exceeded.","#
                            + #""Reason":"ReservedFunctionConcurrentInvocationLimitExceeded"}"#)
                }
                let typed = try await BotoCall.make([BotoCall(Payload: "3")], to: daemon, attempts: 1)[0]
                self.expect(typed, 429, "TooManyRequestsException", "Rate Exceeded.")
                #expect(typed.reason == "ReservedFunctionConcurrentInvocationLimitExceeded")
                #expect(try await busy.status == 200)
                #expect(files.notes("execution").count == 1)
            }
        }

        @Test func aQueueOfNobodyRefusesOnlyWhileAllAreBusy() async throws {
            try await self.withDaemon(["MAX_WAITING": "0", "MAX_CONCURRENCY": "2"]) { daemon, files in
                // Each of the two waits for nothing but the start of its own runtime.
                async let first = daemon.post(#"{"sleep": 1500}"#)
                async let second = daemon.post(#"{"sleep": 1500}"#)
                try await eventually("both run") { files.notes("execution").count == 2 }
                #expect(try await daemon.post("3").status == 429)
                #expect(try await first.status == 200)
                #expect(try await second.status == 200)
                try await eventually("there is room again") { try await daemon.post("4").status == 200 }
            }
        }

        // MARK: Expectations

        private func expect(
            _ answer: BotoCall.Answer, _ status: Int, _ code: String, _ message: String, isModelled: Bool = true,
            at location: SourceLocation = #_sourceLocation
        ) {
            #expect(answer.statusCode == status, sourceLocation: location)
            #expect(answer.errorCode == code, sourceLocation: location)
            #expect(answer.errorClass == (isModelled ? code : "ClientError"), sourceLocation: location)
            #expect(answer.message?.hasPrefix(message) == true, "\(answer.message ?? "none")", sourceLocation: location)
            #expect(answer.requestId?.count == 36, sourceLocation: location)
        }

        /// The headers of the event that the runtime got.
        private func headers(_ answer: BotoCall.Answer) throws -> [String: String] {
            try JSONDecoder().decode([String: String].self, from: Data(try #require(answer.payload).utf8))
        }
    }
}
