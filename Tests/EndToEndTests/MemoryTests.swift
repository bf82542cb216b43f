import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// What control groups tell of a function's memory. `Tests/run` says loudly when these were skipped.
    @Suite(.enabled(if: MemoryGroup.canBeMade, "no memory control group can be made here: needs root"))
    struct Memory {
        /// The runtime puts itself into the group; the daemon stays where it is.
        private func inItsOwnGroup(_ group: MemoryGroup) -> Daemon.Runtime {
            .command(
                ["sh", "-c", "echo $$ > \(group.folder)/cgroup.procs && exec python3 failing_runtime.py"],
                in: Daemon.scripts)
        }

        @Test func aRuntimeThatIsKilledForWantOfMemoryIsToldSo() async throws {
            let group = try MemoryGroup(limitInMegabytes: 64)
            let files = try RuntimeFiles()
            let settings = files.settings.merging(["AWS_LAMBDA_FUNCTION_TIMEOUT": "20"]) { $1 }
            try await Daemon.with(self.inItsOwnGroup(group), settings: settings) { daemon in
                let event = BotoCall(Payload: #"{"fail": "memory"}"#, LogType: "Tail")
                let answers = try await BotoCall.make([event, BotoCall(Payload: "[1]")], to: daemon)
                try self.expectOutOfMemory(answers, files)
                let tail = try #require(answers[0].logTail)
                #expect(tail.contains("\nRuntime.OutOfMemory\nEND RequestId: "))
                #expect(tail.hasSuffix("\tStatus: error\tError Type: Runtime.OutOfMemory\t\n"))
                let used = try #require(tail.firstMatch(of: /Max Memory Used: (\d+) MB/).flatMap { Int($0.1) })
                #expect((60...64).contains(used), "\(used) MB")

                // Not everything that is killed has run out of memory.
                let killed = try await BotoCall.make([BotoCall(Payload: #"{"fail": "kill"}"#)], to: daemon)[0]
                #expect(killed.payload?.contains("Runtime.ExitError") == true, "\(killed.payload ?? "none")")
                try await self.end(daemon, group)
            }
        }

        /// As in a container with a limit: the daemon is in the group, too, and the kernel kills the largest.
        @Test func soItIsInTheGroupOfTheDaemon() async throws {
            let group = try MemoryGroup(limitInMegabytes: 200)
            let files = try RuntimeFiles()
            let settings = files.settings.merging(["AWS_LAMBDA_FUNCTION_TIMEOUT": "20"]) { $1 }
            try await Daemon.with(.failing, settings: settings) { daemon in
                try group.add(daemon.program.processID)
                let event = BotoCall(Payload: #"{"fail": "memory"}"#)
                let answers = try await BotoCall.make([event, BotoCall(Payload: "[1]")], to: daemon)
                try self.expectOutOfMemory(answers, files)
                try await self.end(daemon, group)
            }
        }

        @Test func theReportHasThePeakOfTheGroup() async throws {
            let group = try MemoryGroup(limitInMegabytes: nil)
            let files = try RuntimeFiles()
            let settings = files.settings.merging(["AWS_LAMBDA_FUNCTION_TIMEOUT": "20"]) { $1 }
            try await Daemon.with(self.inItsOwnGroup(group), settings: settings) { daemon in
                let take = BotoCall(Payload: #"{"take": 60}"#, LogType: "Tail")
                let small = try await BotoCall.make([BotoCall(Payload: "1", LogType: "Tail")], to: daemon)[0]
                let before = try self.reported(small)
                let large = try self.reported(try await BotoCall.make([take], to: daemon)[0])
                #expect(before < 60 && large >= 60)
                let peak = try #require(group.peakInMegabytes)
                #expect(abs(Double(large) - peak) <= 2, "\(large) MB are reported, \(peak) MB were used")
                try await self.end(daemon, group)
            }
        }

        private func reported(_ answer: BotoCall.Answer) throws -> Int {
            try #require(answer.logTail?.firstMatch(of: /Max Memory Used: (\d+) MB/).flatMap { Int($0.1) })
        }

        private func expectOutOfMemory(_ answers: [BotoCall.Answer], _ files: RuntimeFiles) throws {
            let requestID = try #require(answers[0].requestId)
            #expect(answers[0].statusCode == 200)
            #expect(answers[0].functionError == "Unhandled")
            #expect(
                answers[0].payload
                    == #"{"errorType":"Runtime.OutOfMemory","errorMessage":"RequestId: \#(requestID) "#
                    + #"Error: Runtime exited with error: signal: killed"}"#)
            #expect(answers[1].payload == "[1]")
            #expect(files.notes("execution").map(\.id) == answers.map(\.requestId))
        }

        /// The group goes when its processes are gone.
        private func end(_ daemon: Daemon, _ group: MemoryGroup) async throws {
            daemon.program.signal(SIGTERM)
            _ = try await daemon.program.end()
            try await eventually("the group is empty", within: .seconds(5)) {
                group.remove()
                return !FileManager.default.fileExists(atPath: group.folder)
            }
        }
    }
}
