import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// An invocation over AMQP means what it means over HTTP: the wire contract, with a client that knows nothing else.
    @Suite struct AMQPInvoke {
        /// A call that `Scripts/pika_calls.py` makes.
        private struct Call: Encodable {
            var body: String?
            /// A JSON string of so many bytes as the body.
            var bodyByteCount: Int?
            var headers: [String: String]?
            var messageId: String?
        }

        private struct Reply: Decodable {
            let headers: [String: String]
            /// Nil where it is long.
            let body: String?
            let contentType: String?

            var status: String? { self.headers["StatusCode"] }
            var errorType: String? { self.headers["X-Amzn-ErrorType"] }
        }

        private func make(_ calls: [Call], to daemon: Daemon) async throws -> [Reply] {
            let json = String(decoding: try JSONEncoder().encode(calls), as: UTF8.self)
            let script = try await Program.run(
                ProgramEnvironment.python(),
                [Daemon.scripts + "/pika_calls.py", ProgramEnvironment.brokerURI(), daemon.name, json])
            guard script.status == .exited(0) else { throw Program.Failure("pika: \(script.errors)") }
            return try JSONDecoder().decode([Reply].self, from: Data(script.output.utf8))
        }

        private func withDaemon(_ more: [String: String] = [:], _ body: (Daemon, RuntimeFiles) async throws -> Void)
            async throws
        {
            let files = try RuntimeFiles()
            let settings = files.settings.merging(["AWS_LAMBDA_FUNCTION_TIMEOUT": "2"]) { $1 }.merging(more) { $1 }
            try await Daemon.with(.failing, broker: try ProgramEnvironment.brokerURI(), settings: settings) {
                try await body($0, files)
            }
        }

        @Test func resultsCarryTheHeadersOfHTTP() async throws {
            try await self.withDaemon { daemon, _ in
                let id = UUID().uuidString.lowercased()
                let context = Data(#"{"custom": {}}"#.utf8).base64EncodedString()
                let replies = try await self.make(
                    [
                        Call(body: "[1]", messageId: id), Call(body: ""),
                        Call(body: "[2]", headers: ["X-Amz-Log-Type": "Tail"]),
                        Call(
                            body: #"{"say": "headers"}"#,
                            headers: [
                                "X-Amz-Client-Context": context, "X-Amz-Tenant-Id": "blue", "Qualifier": "$LATEST",
                            ]),
                        Call(body: "[3]", headers: ["X-Amz-Invocation-Type": "DryRun"]),
                    ], to: daemon)
                #expect(replies.map(\.status) == ["200", "200", "200", "200", "204"])
                #expect(replies.map(\.body).prefix(3) == ["[1]", "{}", "[2]"])
                #expect(replies[0].headers["X-Amzn-RequestId"] == id)
                #expect(replies.prefix(4).allSatisfy { $0.headers["X-Amz-Executed-Version"] == "$LATEST" })
                #expect(replies.allSatisfy { $0.headers["X-Amz-Function-Error"] == nil })
                let tail = try #require(replies[2].headers["X-Amz-Log-Result"].flatMap { Data(base64Encoded: $0) })
                #expect(String(decoding: tail, as: UTF8.self).hasPrefix("START RequestId: "))
                #expect(replies[3].body?.contains(#""lambda-runtime-client-context": "{\"custom\": {}}""#) == true)
                #expect(replies[3].body?.contains(#""lambda-runtime-aws-tenant-id": "blue""#) == true)
                #expect(replies[3].body?.contains(#"function:\#(daemon.name):$LATEST""#) == true)
                // Only checked: nothing ran, so no version did.
                #expect(replies[4].body == "")
                #expect(replies[4].headers["X-Amz-Executed-Version"] == nil)
            }
        }

        @Test func functionErrorsAreMarkedAndExecutedOnce() async throws {
            try await self.withDaemon { daemon, files in
                let before = files.notes("execution").count
                let hows = ["error", "exit0", "exit3", "kill", "segv", "hang", "large"]
                let replies = try await self.make(
                    (hows.map { #"{"fail": "\#($0)"}"# } + ["[1]"]).map { Call(body: $0) }, to: daemon)
                let expected = [
                    "on purpose", "without providing a reason", "exit status 3", "signal: killed",
                    "signal: segmentation fault", "Task timed out after 2.00 seconds", "Function.ResponseSizeTooLarge",
                ]
                for (reply, text) in zip(replies, expected) {
                    #expect(reply.status == "200")
                    #expect(reply.headers["X-Amz-Function-Error"] == "Unhandled")
                    #expect(reply.body?.contains(text) == true, "\(reply.body ?? "none")")
                }
                #expect(replies.last?.body == "[1]")
                #expect(
                    files.notes("execution").dropFirst(before).map(\.id)
                        == replies.map { $0.headers["X-Amzn-RequestId"] })
            }
        }

        @Test func whatIsRefusedIsTheTypedErrorOfHTTP() async throws {
            try await self.withDaemon { daemon, files in
                let before = files.notes("execution").count
                let replies = try await self.make(
                    [
                        Call(body: "{"), Call(bodyByteCount: 6_291_457),
                        Call(body: "1", headers: ["X-Amz-Client-Context": "no base64"]),
                        Call(body: "1", headers: ["Qualifier": "other"]),
                        Call(body: "1", headers: ["X-Amz-Invocation-Type": "Never"]),
                        Call(body: "1", headers: ["X-Amz-Log-Type": "Head"]),
                        Call(body: "1", headers: ["X-Amz-Tenant-Id": "a\nb"]),
                        Call(body: "1", headers: ["X-Lambda-Deadline-Ms": "1"]),
                    ], to: daemon)
                #expect(
                    replies.map { "\($0.status ?? "-") \($0.errorType ?? "-")" } == [
                        "400 InvalidRequestContentException", "413 RequestTooLargeException",
                        "400 InvalidRequestContentException", "404 ResourceNotFoundException",
                        "400 ValidationException", "400 ValidationException", "400 ValidationException",
                        "408 RequestExpiredException",
                    ])
                #expect(replies[0].body?.contains(#""message":"Could not parse request body into json: "#) == true)
                #expect(replies[3].body?.contains(#""Message":"Function not found: arn:aws:lambda:"#) == true)
                #expect(replies.allSatisfy { $0.contentType == "application/json" })
                #expect(files.notes("execution").count == before)
            }
        }

        @Test func theLargestEventPasses() async throws {
            try await self.withDaemon { daemon, _ in
                let replies = try await self.make([Call(bodyByteCount: 6_291_456)], to: daemon)
                #expect(replies[0].status == "200")
                #expect(replies[0].body == nil)
            }
        }

        @Test func whoWaitsTooLongIsToldToComeAgain() async throws {
            let settings = ["AMQP_LOOKAHEAD": "1", "MAX_WAITING_SECONDS": "1", "AWS_LAMBDA_FUNCTION_TIMEOUT": "10"]
            try await self.withDaemon(settings) { daemon, _ in
                let replies = try await self.make([Call(body: #"{"sleep": 2500}"#), Call(body: "1")], to: daemon)
                #expect(replies.map(\.status) == ["200", "429"])
                #expect(replies[1].errorType == "TooManyRequestsException")
                #expect(replies[1].headers["Retry-After"] == "1")
                #expect(
                    replies[1].body == #"{"Type":"User","message":"Rate Exceeded.","#
                        + #""Reason":"ReservedFunctionConcurrentInvocationLimitExceeded"}"#)
            }
        }
    }
}
