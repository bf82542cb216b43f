import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// A runtime that streams as Node's does, and the clients that read it.
    @Suite struct Streaming {
        static let runtime = Daemon.Runtime.command(["python3", "streaming_runtime.py"], in: Daemon.scripts)

        @Test func botoReadsChunksAsTheyAreMade() async throws {
            try await Daemon.with(Self.runtime, settings: ["AWS_LAMBDA_FUNCTION_TIMEOUT": "20"]) { daemon in
                let answer = try await BotoStream.of(daemon, #"{"chunks": 5, "size": 1000, "pause_ms": 200}"#)
                #expect(answer.statusCode == 200)
                #expect(answer.contentType == "application/vnd.amazon.eventstream")
                #expect(answer.executedVersion == "$LATEST")
                #expect(answer.requestId?.count == 36)
                #expect(answer.isWhole)
                // None waits for the next; one may be cut in two where a read of the socket ends.
                #expect((5...10).contains(answer.chunkCount))
                #expect(answer.completionCount == 1)
                #expect(answer.complete?.ErrorCode == nil)
                // The function takes 0.8 s for its last chunk; the first one is not held back for it.
                #expect(try #require(answer.lastAfter) - #require(answer.firstAfter) > 0.5)
            }
        }

        @Test func botoReadsTwentyMegabytesSlowlyAndTheDaemonHoldsLittleOfThem() async throws {
            try await Daemon.with(Self.runtime, settings: ["AWS_LAMBDA_FUNCTION_TIMEOUT": "60"]) { daemon in
                let before = try Self.peakMemory(of: daemon)
                let answer = try await BotoStream.of(daemon, #"{"chunks": 320, "size": 65536}"#, pauseMilliseconds: 2)
                #expect(answer.byteCount == 20 * 1024 * 1024)
                #expect(answer.isWhole)
                #expect(answer.completionCount == 1)
                let growth = try Self.peakMemory(of: daemon) - before
                #expect(growth < 8 * 1024, "\(growth) kB")
            }
        }

        @Test(arguments: [
            (#"{"chunks": 2, "size": 10, "fail": "trailer"}"#, #"{"errorType":"Error","errorMessage":"in mid-stream""#),
            (#"{"chunks": 0, "size": 0, "fail": "trailer"}"#, #"{"errorType":"Error","errorMessage":"in mid-stream""#),
            (#"{"chunks": 2, "size": 10, "fail": "swift"}"#, #""errorMessage":"Requires base64""#),
            (#"{"chunks": 2, "size": 10, "cut": true}"#, #""errorType":"Runtime.TruncatedResponse""#),
            (#"{"chunks": 2, "size": 10, "exit": 3}"#, #""errorType":"Runtime.TruncatedResponse""#),
            (#"{"chunks": 2, "size": 10, "hang": true}"#, #""errorType":"Sandbox.Timedout""#),
        ])
        func anErrorInMidStreamIsInTheCompletionAndTheNextInvocationWorks(event: String, details: String) async throws {
            try await Daemon.with(Self.runtime, settings: ["AWS_LAMBDA_FUNCTION_TIMEOUT": "2"]) { daemon in
                let answer = try await BotoStream.of(daemon, event)
                #expect(answer.statusCode == 200)
                #expect(answer.isWhole)
                #expect(answer.completionCount == 1)
                #expect(answer.complete?.ErrorCode == "Unhandled")
                #expect(answer.complete?.ErrorDetails?.contains(details) == true, "\(answer)")
                let next = try await BotoStream.of(daemon, #"{"chunks": 1, "size": 10}"#)
                #expect(next.isWhole)
                #expect(next.complete?.ErrorCode == nil)
            }
        }

        /// The vectors of contract 2.2, byte for byte.
        @Test func framesAreTheVectors() async throws {
            let chunk =
                "0000006c0000005ab25efdcf0b3a6576656e742d7479706507000c5061796c6f61644368756e6b0d3a636f6e74656e742d"
                + "747970650700186170706c69636174696f6e2f6f637465742d73747265616d0d3a6d6573736167652d74797065070005"
                + "6576656e7468691162e469"
            let complete =
                "00000066000000541f56c8690b3a6576656e742d7479706507000e496e766f6b65436f6d706c6574650d3a636f6e74656e"
                + "742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700056576656e747b"
                + "7d7006d467"
            let files = try TemporaryFiles()
            let file = files.directory + "/frames"
            try await Daemon.with(.scripted, settings: ["REQUIRE_JSON": "false"]) { daemon in
                let curl = try self.curl(daemon, "hi", options: ["--output", file])
                #expect(try await curl.end() == .exited(0))
            }
            let frames = try Data(contentsOf: URL(fileURLWithPath: file))
            #expect(frames.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == chunk + complete)
        }

        @Test func aBufferedAnswerArrivesOverBothOperations() async throws {
            let event = #"{"chunks": 3, "size": 1000, "buffered": true}"#
            try await Daemon.with(Self.runtime) { daemon in
                let streamed = try await BotoStream.of(daemon, event)
                #expect(streamed.isWhole)
                #expect(streamed.chunkCount == 1)
                #expect(try await daemon.post(event).body.utf8.count == 3000)
                let collected = try await daemon.post(#"{"chunks": 3, "size": 1000, "type": "text/plain"}"#)
                #expect(collected.status == 200)
                #expect(collected.body.utf8.count == 3000)
            }
        }

        @Test func aCollectedStreamEndsAtTheLimitOfEveryResponse() async throws {
            try await Daemon.with(Self.runtime, settings: ["AWS_LAMBDA_FUNCTION_TIMEOUT": "20"]) { daemon in
                let whole = try await daemon.post(#"{"chunks": 1, "size": 6291556}"#)
                #expect(whole.body.utf8.count == 6_291_556)
                let over = try await daemon.post(#"{"chunks": 1, "size": 6291557}"#)
                #expect(over.status == 200)
                #expect(over.headers["x-amz-function-error"] == "Unhandled")
                #expect(over.body.contains("Function.ResponseSizeTooLarge"))
                #expect(try await daemon.post(#"{"status": true}"#).body == #"{"invocations": 3, "last": 413}"#)
            }
        }

        @Test func aStreamEndsAtItsOwnLimit() async throws {
            let settings = ["STREAMED_RESPONSE_LIMIT": "1000000", "AWS_LAMBDA_FUNCTION_TIMEOUT": "20"]
            try await Daemon.with(Self.runtime, settings: settings) { daemon in
                let whole = try await BotoStream.of(daemon, #"{"chunks": 10, "size": 100000}"#)
                #expect(whole.isWhole)
                #expect(whole.complete?.ErrorCode == nil)
                let over = try await BotoStream.of(daemon, #"{"chunks": 11, "size": 100000}"#)
                #expect(over.complete?.ErrorCode == "Unhandled")
                #expect(over.complete?.ErrorDetails?.contains("Function.ResponseSizeTooLarge") == true)
                #expect(over.byteCount <= 1_000_000)
            }
        }

        @Test func whatIsRefusedBeforeItRunsIsATypedException() async throws {
            try await Daemon.with(Self.runtime) { daemon in
                let answer = try await BotoStream.of(daemon, "{}", function: "nobody")
                #expect(answer.statusCode == 404)
                #expect(answer.errorCode == "ResourceNotFoundException")
            }
        }

        @Test func aDaemonThatIsStoppedFinishesTheStreamThatRuns() async throws {
            try await Daemon.with(Self.runtime, settings: ["AWS_LAMBDA_FUNCTION_TIMEOUT": "20"]) { daemon in
                let curl = try self.curl(daemon, #"{"chunks": 5, "size": 10, "pause_ms": 200}"#)
                try await eventually("the stream has begun") { curl.output.contains("AAAAAAAAAA") }
                daemon.program.signal(SIGTERM)
                #expect(try await curl.end() == .exited(0))
                #expect(curl.output.contains("EEEEEEEEEE"))
                #expect(curl.output.contains("InvokeComplete"))
                #expect(try await daemon.program.end() == .exited(0))
            }
        }

        /// Invokes with curl, whose output is the event stream as it is.
        private func curl(_ daemon: Daemon, _ event: String, options: [String] = []) throws -> Program {
            let url = "http://localhost:\(daemon.port)/2021-11-15/functions/\(daemon.name)"
            return try Program(
                "curl",
                ["--silent", "--no-buffer", "-XPOST", url + "/response-streaming-invocations", "-d", event] + options)
        }

        @Test func aClientThatHangsUpDoesNotEndItsFunction() async throws {
            let event = #"{"chunks": 200, "size": 65536, "pause_ms": 5}"#
            try await Daemon.with(Self.runtime, settings: ["AWS_LAMBDA_FUNCTION_TIMEOUT": "20"]) { daemon in
                let curl = try self.curl(daemon, event, options: ["--max-time", "0.3", "--limit-rate", "100k"])
                #expect(try await curl.end() == .exited(28))
                #expect(try await daemon.post(#"{"status": true}"#).body == #"{"invocations": 2, "last": 202}"#)
            }
        }

        /// `VmHWM` of the daemon, in kB.
        private static func peakMemory(of daemon: Daemon) throws -> Int {
            let status = try String(contentsOfFile: "/proc/\(daemon.program.processID)/status", encoding: .utf8)
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
            return try #require(Int(line.split(separator: " ")[1]))
        }
    }
}

/// What `Scripts/boto3_stream.py` prints.
struct BotoStream: Decodable {
    struct Completion: Decodable {
        let ErrorCode: String?
        let ErrorDetails: String?
        let LogResult: String?
    }

    let statusCode: Int?
    let executedVersion: String?
    let contentType: String?
    let requestId: String?
    let chunkCount: Int
    let byteCount: Int
    let isWhole: Bool
    let completionCount: Int?
    let complete: Completion?
    /// Seconds from the request to the first and to the last chunk.
    let firstAfter: Double?
    let lastAfter: Double?
    let errorCode: String?
    let streamError: String?

    static func of(
        _ daemon: Daemon, _ event: String, function: String? = nil, pauseMilliseconds: Int = 0
    ) async throws -> BotoStream {
        try await self.of(
            "http://localhost:\(daemon.port)", function ?? daemon.name, event, pauseMilliseconds: pauseMilliseconds)
    }

    static func of(
        _ endpoint: String, _ function: String, _ event: String, pauseMilliseconds: Int = 0
    ) async throws -> BotoStream {
        let script = try await Program.run(
            ProgramEnvironment.python(),
            [
                Daemon.scripts + "/boto3_stream.py", endpoint, function, event, String(pauseMilliseconds),
            ])
        guard script.status == .exited(0) else { throw Program.Failure("boto3: \(script.errors)") }
        return try JSONDecoder().decode(BotoStream.self, from: Data(script.output.utf8))
    }
}
