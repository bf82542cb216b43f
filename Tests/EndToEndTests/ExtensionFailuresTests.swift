import Foundation
import Glibc
import TestSupport
import Testing

extension EndToEnd {
    /// Extensions that end, fail or take their time, and environments that end under them.
    @Suite struct ExtensionFailures {
        private let long = ["AWS_LAMBDA_FUNCTION_TIMEOUT": "20"]

        private func platformError(_ answer: HTTPAnswer, _ type: String, _ reason: String) -> Bool {
            let id = answer.headers["x-amzn-requestid"] ?? "none"
            return answer.status == 200 && answer.headers["x-amz-function-error"] == "Unhandled"
                && answer.body == #"{"errorType":"\#(type)","errorMessage":"RequestId: \#(id) Error: \#(reason)"}"#
        }

        // MARK: In init

        @Test(arguments: [
            ("exit:0", "Extension.Crash", "exit code 0"), ("exit:1", "Extension.Crash", "exit status 1"),
            ("register:INVOKE exit:2", "Extension.Crash", "exit status 2"),
            ("register:INVOKE init-error:Extension.Bad exit:1", "Extension.InitError", "exit status 1"),
            ("register:INVOKE init-error:Extension.Bad sleep:60", "Extension.InitError", "Extension.Bad"),
        ])
        func oneThatFailsInInitFailsTheInvocation(steps: String, type: String, reason: String) async throws {
            let files = try ExtensionFiles("broken", steps)
            try await Daemon.with(.scripted, settings: files.settings.merging(self.long) { $1 }) { daemon in
                let started = ContinuousClock.now
                let answer = try await daemon.post("1")
                #expect(self.platformError(answer, type, reason), "\(answer.body)")
                #expect(ContinuousClock.now - started < .seconds(10))
            }
        }

        @Test func oneThatCannotBeStartedFailsTheInvocation() async throws {
            let files = try ExtensionFiles()
            try files.add("unexecutable", "", permissions: 0o644)
            try await Daemon.with(.scripted, settings: files.settings) { daemon in
                let answer = try await daemon.post("1")
                let reason = "fork/exec \(files.folder)/unexecutable: permission denied"
                #expect(self.platformError(answer, "Extension.LaunchError", reason), "\(answer.body)")
            }
        }

        @Test func oneThatFailsOnlyOnceIsStartedAgainInsideTheInvocation() async throws {
            let files = try ExtensionFiles()
            try files.add("nervous", "once:\(files.path("first")):exit:1 register:INVOKE loop")
            try await Daemon.with(.scripted, settings: files.settings.merging(self.long) { $1 }) { daemon in
                let answer = try await daemon.post("1")
                #expect(answer.body == "1")
                let report = daemon.program.output.split(separator: "\n").first { $0.hasPrefix("INIT_REPORT") }
                #expect(report?.hasSuffix("\tPhase: init\tStatus: error\tError Type: Extension.Crash") == true)
            }
        }

        // MARK: Later

        @Test(arguments: [
            ("exit:3", "Extension.Crash", "exit status 3"),
            ("exit-error:Extension.Bad exit:1", "Extension.ExitError", "exit status 1"),
        ])
        func oneThatFailsInAnInvocationFailsItOnceAndTheNextRuns(
            steps: String, type: String, reason: String
        ) async throws {
            let files = try ExtensionFiles()
            let marker = files.path("first")
            let words = steps.split(separator: " ").map(String.init)
            // Only the first process fails: the second finds the marker, and goes on.
            let failing = words.enumerated().map { "once:\(marker)-\($0.offset):\($0.element)" }
            try files.add("broken", "register:INVOKE next \(failing.joined(separator: " ")) loop")
            try await Daemon.with(.scripted, settings: files.settings.merging(self.long) { $1 }) { daemon in
                let answer = try await daemon.post(#"{"do": "sleep", "ms": 5000}"#)
                #expect(self.platformError(answer, type, reason), "\(answer.body)")
                #expect(try await daemon.post("2").body == "2")
                // The second answer does not wait until the extension has noted its event.
                try await eventually("the extension was told twice") { files.notes("INVOKE").count == 2 }
                let invoked = files.notes("INVOKE").map { $0.body?.requestId }
                #expect(invoked[0] != invoked[1])
            }
        }

        @Test func oneThatEndsWhenIdleTakesItsEnvironmentWithItAndNothingElse() async throws {
            let files = try ExtensionFiles("watcher", "register:INVOKE,SHUTDOWN loop")
            try files.add("other", "register:SHUTDOWN loop")
            try await Daemon.with(.extended, settings: files.settings) { daemon in
                let first = try await daemon.who().pid
                let watcher = try #require(files.notes("registered").first { $0.name == "watcher" }).pid
                kill(watcher, SIGKILL)
                try await eventually("the environment is gone", within: .seconds(5)) { !Program.isRunning(first) }
                let second = try await daemon.who().pid
                #expect(second != first)
                let shutdown = files.notes("SHUTDOWN")
                #expect(shutdown.map(\.name) == ["other"])
                #expect(shutdown.first?.body?.shutdownReason == "failure")
            }
        }

        // MARK: Time

        @Test func theCallerDoesNotWaitForASlowExtensionButTheNextInvocationDoes() async throws {
            let files = try ExtensionFiles("slow", "register:INVOKE loop:1.2")
            try await Daemon.with(.scripted, settings: files.settings.merging(self.long) { $1 }) { daemon in
                _ = try await daemon.post("0")
                try await daemon.untilReported(invocations: 1)
                let started = ContinuousClock.now
                #expect(try await daemon.post("1").body == "1")
                #expect(ContinuousClock.now - started < .milliseconds(900))
                #expect(try await daemon.post("2").body == "2")
                #expect(ContinuousClock.now - started > .milliseconds(1200))
                try await daemon.untilReported(invocations: 3)
                // What the extension takes belongs to the invocation.
                let durations = daemon.program.output.matches(of: /\tDuration: ([0-9.]+) ms/).map { Double($0.1) ?? 0 }
                #expect(durations.count == 3)
                #expect(durations.allSatisfy { $0 >= 1200 }, "\(durations)")
            }
        }

        @Test func anExtensionThatOverrunsTheTimeOutIsEndedAndTheAnswerStands() async throws {
            let files = try ExtensionFiles("slow", "register:INVOKE,SHUTDOWN loop:30")
            let settings = files.settings.merging(["AWS_LAMBDA_FUNCTION_TIMEOUT": "1"]) { $1 }
            try await Daemon.with(.scripted, settings: settings) { daemon in
                let first = try await daemon.who().pid
                let slow = try #require(files.notes("registered").first).pid
                let started = ContinuousClock.now
                let second = try await daemon.who().pid
                #expect(second != first)
                // The rest of the time-out, and the two seconds that it had to shut down in.
                #expect((.seconds(2.5)...(.seconds(5))).contains(ContinuousClock.now - started))
                #expect(!Program.isRunning(slow))
                #expect(daemon.program.output.contains("Status: timeout"))
            }
        }

        @Test(arguments: [
            (#"{"do": "sleep", "ms": 20000}"#, "timeout", "Task timed out after 2.00 seconds"),
            (#"{"do": "exit", "code": 3}"#, "failure", "Runtime exited with error: exit status 3"),
        ])
        func extensionsAreToldWhyTheEnvironmentEnds(event: String, reason: String, message: String) async throws {
            let files = try ExtensionFiles("watcher", "register:SHUTDOWN loop")
            let settings = files.settings.merging(["AWS_LAMBDA_FUNCTION_TIMEOUT": "2"]) { $1 }
            try await Daemon.with(.extended, settings: settings) { daemon in
                _ = try await daemon.who()
                #expect(try await daemon.post(event).body.contains(message))
                #expect(try await daemon.post("1").body == "1")
                #expect(files.notes("SHUTDOWN").map { $0.body?.shutdownReason } == [reason])
                #expect(files.notes("registered").count == 2)
                #expect(files.notes("SIGTERM").count == (reason == "timeout" ? 1 : 0))
            }
        }

        @Test func anIdleEnvironmentIsSpunDown() async throws {
            let files = try ExtensionFiles("watcher", "register:SHUTDOWN loop")
            let settings = files.settings.merging(["AWS_LAMBDA_FUNCTION_IDLETIMEOUT": "1"]) { $1 }
            try await Daemon.with(.extended, settings: settings) { daemon in
                let first = try await daemon.who().pid
                try await eventually("it is spun down", within: .seconds(5)) { !files.notes("SHUTDOWN").isEmpty }
                #expect(files.notes("SHUTDOWN").first?.body?.shutdownReason == "spindown")
                #expect(try await daemon.who().pid != first)
            }
        }

        @Test func anExtensionThatStaysIsKilledAfterTwoSecondsWithAllThatItStarted() async throws {
            let files = try ExtensionFiles("stubborn", "register:SHUTDOWN stay")
            try await Daemon.with(.extended, settings: files.settings) { daemon in
                _ = try await daemon.post("1")
                let stubborn = try #require(files.notes("registered").first).pid
                let stopped = ContinuousClock.now
                daemon.program.signal(SIGTERM)
                #expect(try await daemon.program.end() == .exited(0))
                #expect((.milliseconds(1900)...(.milliseconds(3000))).contains(ContinuousClock.now - stopped))
                #expect(files.order == ["runtime SIGTERM", "runtime ends", "stubborn SHUTDOWN"])
                #expect(!Program.isRunning(stubborn))
                #expect(daemon.program.errors.contains("stubborn"))
            }
        }
    }
}
