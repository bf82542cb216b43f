import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// The runtime clients of other languages, each with the bytes that it was seen to send (contract 15).
    @Suite struct RuntimeClients {
        static let names = ["go", "swift", "node", "rust", "java", "java-http", "python", "ruby", "cpp", "curl"]

        private static func runtime(_ client: String, _ options: String...) -> Daemon.Runtime {
            .command(["python3", "client_runtime.py", client] + options, in: Daemon.scripts)
        }

        /// How often the runtime was invoked and connected: more than its client needs tells of a process or a
        /// connection that was lost.
        private struct State: Decodable, Equatable {
            let invocations: Int
            let connections: Int
        }

        private static func state(of daemon: Daemon) async throws -> State {
            try JSONDecoder().decode(State.self, from: Data(try await daemon.post(#"{"do": "state"}"#).body.utf8))
        }

        @Test(arguments: [
            ("go", 1), ("swift", 1), ("node", 1), ("rust", 2), ("java", 2), ("java-http", 1), ("python", 1), ("cpp", 1),
            // One for each request, the answer to the question apart.
            ("ruby", 7), ("curl", 7),
        ])
        func answersAndErrorsArriveAndTheConnectionsAreKept(client: String, connections: Int) async throws {
            try await Daemon.with(Self.runtime(client)) { daemon in
                let event = #"{"key": "välue"}"#
                #expect(try await daemon.post(event).body == event)
                let error = try await daemon.post(#"{"do": "error", "document": {"errorType": "T", "ö": [1]}}"#)
                #expect(error.status == 200)
                #expect(error.headers["x-amz-function-error"] == "Unhandled")
                #expect(error.body == #"{"errorType": "T", "\u00f6": [1]}"#)
                #expect(try await daemon.post("[]").body == "[]")
                #expect(try await Self.state(of: daemon) == State(invocations: 4, connections: connections))
            }
        }

        @Test(arguments: Self.names)
        func bodiesOfEverySizeComeBack(client: String) async throws {
            let settings = ["AWS_LAMBDA_FUNCTION_TIMEOUT": "30"]
            try await Daemon.with(
                Self.runtime(client), broker: try ProgramEnvironment.brokerURI(), settings: settings
            ) { daemon in
                for (size, count) in [(1, 20), (131_072, 5), (6_000_001, 1), (6_291_456, 1)] {
                    let load = try await Load.run(daemon.name, "bytes:\(size)", count: count, window: 1)
                    #expect(load.replies == count)
                    #expect(load.wrong == 0, "\(size)")
                    #expect(load.outcomes.isEmpty, "\(size): \(load.outcomes)")
                }
            }
        }

        @Test(arguments: Self.names)
        func requestsThatComeByteByByteAreUnderstood(client: String) async throws {
            try await Daemon.with(Self.runtime(client, "bytes")) { daemon in
                let event = #"{"key": "välue"}"#
                #expect(try await daemon.post(event).body == event)
                let error = try await daemon.post(#"{"do": "error", "document": {"errorType": "T"}}"#)
                #expect(error.body == #"{"errorType": "T"}"#)
                #expect(try await Self.state(of: daemon).invocations == 3)
            }
        }

        @Test(arguments: ["swift", "node", "java", "java-http", "python", "ruby", "curl"])
        func anInitErrorIsTheAnswer(client: String) async throws {
            try await Daemon.with(Self.runtime(client, "init")) { daemon in
                let answer = try await daemon.post("{}")
                #expect(answer.status == 200)
                #expect(answer.headers["x-amz-function-error"] == "Unhandled")
                #expect(answer.body == #"{"errorType": "Init", "errorMessage": "cannot be loaded"}"#)
            }
        }

        @Test(arguments: [
            ("go", #"{"errorMessage": "in mid-stream", "errorType": "Streamed"}"#),
            ("node", #"{"errorMessage": "in mid-stream", "errorType": "Streamed"}"#),
            ("swift", #"{"errorType":"Unhandled","errorMessage":"Requires base64"}"#),
        ])
        func errorsInTrailersAreErrorsBeforeAndAfterTheFirstByte(client: String, document: String) async throws {
            try await Daemon.with(Self.runtime(client)) { daemon in
                for chunks in [0, 3] {
                    let event = #"{"do": "stream", "chunks": \#(chunks), "size": 8, "fail": true}"#
                    let streamed = try await BotoStream.of(daemon, event)
                    #expect(streamed.chunkCount == chunks)
                    #expect(streamed.isWhole)
                    #expect(streamed.complete?.ErrorCode == "Unhandled")
                    #expect(streamed.complete?.ErrorDetails == document)
                    let collected = try await daemon.post(event)
                    #expect(collected.status == 200)
                    #expect(collected.headers["x-amz-function-error"] == "Unhandled")
                    #expect(collected.body == document)
                }
            }
        }

        @Test(arguments: ["go", "node", "swift", "rust"])
        func aStreamArrivesWhole(client: String) async throws {
            try await Daemon.with(Self.runtime(client)) { daemon in
                let event = #"{"do": "stream", "chunks": 3, "size": 8}"#
                let streamed = try await BotoStream.of(daemon, event)
                #expect(streamed.isWhole)
                #expect(streamed.completionCount == 1)
                #expect(streamed.complete?.ErrorCode == nil)
                #expect(try await daemon.post(event).body == "AAAAAAAABBBBBBBBCCCCCCCC")
                #expect(try await Self.state(of: daemon).invocations == 3)
            }
        }

        @Test func textThatLooksLikeTrailersIsPartOfRustsBody() async throws {
            try await Daemon.with(Self.runtime("rust")) { daemon in
                let answer = try await daemon.post(#"{"do": "stream", "chunks": 1, "size": 8, "fail": true}"#)
                #expect(answer.headers["x-amz-function-error"] == nil)
                #expect(answer.body == "AAAAAAAALambda-Runtime-Function-Error-Type: Streamed\r\n")
            }
        }

        @Test(arguments: ["python", "node", "go", "java", "ruby"])
        func aCauseOfOneMebibyteInAHeaderIsTaken(client: String) async throws {
            try await Daemon.with(Self.runtime(client)) { daemon in
                let answer = try await daemon.post(#"{"do": "cause", "size": 1048576}"#)
                #expect(answer.body == #"{"errorType": "Large"}"#)
                #expect(try await Self.state(of: daemon).invocations == 2)
            }
        }

        /// Swift's client escapes a control byte as a backslash and the byte itself, which is no JSON.
        @Test func anErrorThatIsNoJSONIsPassedOnAsItIs() async throws {
            try await Daemon.with(Self.runtime("swift")) { daemon in
                let event = #"{"do": "error", "latin1": "{\"errorMessage\":\"a\\\u0001b\"}"}"#
                let answer = try await daemon.post(event)
                #expect(answer.headers["x-amz-function-error"] == "Unhandled")
                #expect(answer.body == "{\"errorMessage\":\"a\\\u{1}b\"}")
            }
        }
    }
}
