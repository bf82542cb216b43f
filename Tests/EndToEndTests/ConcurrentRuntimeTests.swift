import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// One runtime process with several invocations at a time (`AWS_LAMBDA_MAX_CONCURRENCY`).
    @Suite struct ConcurrentRuntime {
        private static let runtime = Daemon.Runtime.command(["python3", "concurrent_runtime.py"], in: Daemon.scripts)

        private struct Answer: Decodable {
            let pid: Int32
            let thread: UInt64
        }

        private func answer(_ response: HTTPAnswer) throws -> Answer {
            try JSONDecoder().decode(Answer.self, from: Data(response.body.utf8))
        }

        private func posts(_ events: [String], to daemon: Daemon) async throws -> [HTTPAnswer] {
            try await withThrowingTaskGroup(of: (Int, HTTPAnswer).self) { group in
                for (index, event) in events.enumerated() {
                    group.addTask { (index, try await daemon.post(event)) }
                }
                return try await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
            }
        }

        @Test func oneProcessRunsSeveralInvocationsAtATime() async throws {
            try await Daemon.with(Self.runtime, settings: ["AWS_LAMBDA_MAX_CONCURRENCY": "4"]) { daemon in
                _ = try await daemon.post("{}")
                let started = ContinuousClock.now
                let sleep = #"{"do": "sleep", "ms": 1000}"#
                let answers = try await self.posts([sleep, sleep, sleep, sleep], to: daemon).map(self.answer)
                #expect(ContinuousClock.now - started < .milliseconds(1900))
                #expect(Set(answers.map(\.pid)).count == 1)
                #expect(Set(answers.map(\.thread)).count == 4)
            }
        }

        @Test func pythonsRuntimeClientRunsAsManyAsItIsAllowed() async throws {
            let runtime = Daemon.Runtime.python(handler: "sleeper.handler", in: Daemon.scripts)
            let settings = ["AWS_LAMBDA_MAX_CONCURRENCY": "3", "AWS_LAMBDA_FUNCTION_TIMEOUT": "20"]
            try await Daemon.with(runtime, settings: settings) { daemon in
                _ = try await daemon.post("{}")
                let started = ContinuousClock.now
                let answers = try await self.posts(Array(repeating: #"{"ms": 2000}"#, count: 3), to: daemon)
                // One after the other they would take six seconds.
                #expect(ContinuousClock.now - started < .milliseconds(3900))
                // The client has a worker process for each.
                #expect(Set(try answers.map(self.answer).map(\.pid)).count == 3)
            }
        }

        @Test func bothWaysToBeConcurrentGoTogether() async throws {
            let settings = ["AWS_LAMBDA_MAX_CONCURRENCY": "2", "MAX_CONCURRENCY": "2"]
            try await Daemon.with(Self.runtime, broker: try ProgramEnvironment.brokerURI(), settings: settings) { daemon in
                let sleep = #"{"do": "sleep", "ms": 1500}"#
                let answers = try await self.posts([sleep, sleep, sleep, sleep], to: daemon).map(self.answer)
                #expect(Set(answers.map(\.pid)).count == 2)
                let load = try await Load.run(daemon.name, "bytes:64", count: 500, window: 8)
                #expect(load.replies == 500)
            }
        }

        @Test func oneThatTakesTooLongEndsAloneAndItsLatePostIsRefused() async throws {
            let settings = ["AWS_LAMBDA_MAX_CONCURRENCY": "2", "AWS_LAMBDA_FUNCTION_TIMEOUT": "1"]
            try await Daemon.with(Self.runtime, settings: settings) { daemon in
                let pid = try self.answer(try await daemon.post("{}")).pid
                let answers = try await self.posts(
                    [#"{"do": "sleep", "ms": 2000}"#, #"{"do": "sleep", "ms": 500}"#], to: daemon)
                #expect(answers[0].body.contains("Sandbox.Timedout"))
                #expect(answers[0].headers["x-amz-function-error"] == "Unhandled")
                #expect(try self.answer(answers[1]).pid == pid)
                try await eventually("the late post is refused") { daemon.program.output.contains(#""refused": 410"#) }
                #expect(try self.answer(try await daemon.post("{}")).pid == pid)
            }
        }

        @Test func aProcessThatEndsFailsEverythingThatRanInIt() async throws {
            let settings = ["AWS_LAMBDA_MAX_CONCURRENCY": "2", "AWS_LAMBDA_FUNCTION_TIMEOUT": "20"]
            try await Daemon.with(Self.runtime, settings: settings) { daemon in
                _ = try await daemon.post("{}")
                let started = ContinuousClock.now
                async let sleeper = daemon.post(#"{"do": "sleep", "ms": 10000}"#)
                try await daemon.untilStarted(invocations: 2)
                let exited = try await daemon.post(#"{"do": "exit", "code": 3}"#)
                #expect(exited.body.contains("exit status 3"))
                #expect(try await sleeper.body.contains("exit status 3"))
                #expect(ContinuousClock.now - started < .seconds(5))
                #expect(try await daemon.post("{}").status == 200)
            }
        }

        @Test func aTailHasTheLinesThatNameItsRequest() async throws {
            try await Daemon.with(Self.runtime, settings: ["AWS_LAMBDA_MAX_CONCURRENCY": "4"]) { daemon in
                let answers = try await withThrowingTaskGroup(of: HTTPAnswer.self) { group in
                    for _ in 0..<8 {
                        group.addTask { try await daemon.post("{}", headers: ["X-Amz-Log-Type": "Tail"]) }
                    }
                    return try await group.reduce(into: [HTTPAnswer]()) { $0.append($1) }
                }
                for answer in answers {
                    let id = try #require(answer.headers["x-amzn-requestid"])
                    let encoded = try #require(answer.headers["x-amz-log-result"])
                    let tail = String(decoding: try #require(Data(base64Encoded: encoded)), as: UTF8.self)
                    #expect(tail.hasPrefix("START RequestId: \(id)"))
                    #expect(tail.contains(#"{"requestId": "\#(id)", "message": "handled"}"#))
                    #expect(tail.components(separatedBy: "handled").count == 2)
                    #expect(tail.contains("REPORT RequestId: \(id)"))
                }
            }
        }

        @Test func drainingWaitsForAllOfThem() async throws {
            let settings = ["AWS_LAMBDA_MAX_CONCURRENCY": "2", "AWS_LAMBDA_FUNCTION_TIMEOUT": "20"]
            try await Daemon.with(Self.runtime, settings: settings) { daemon in
                _ = try await daemon.post("{}")
                async let slow = daemon.post(#"{"do": "sleep", "ms": 1500}"#)
                async let slower = daemon.post(#"{"do": "sleep", "ms": 2000}"#)
                try await daemon.untilStarted(invocations: 3)
                daemon.program.signal(SIGTERM)
                #expect(try await slow.status == 200)
                #expect(try await slower.status == 200)
                #expect(try await daemon.program.end() == .exited(0))
            }
        }
    }
}
