import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// What platforms around the daemon ask of it: OpenFaaS, Kubernetes, autoscalers.
    @Suite struct Deployment {
        private func status(_ daemon: Daemon, _ path: String) async throws -> String {
            let url = "http://localhost:\(daemon.port)\(path)"
            let options = ["--silent", "--output", "/dev/null", "--write-out", "%{http_code}"]
            return try await Program.run("curl", options + [url]).output
        }

        @Test func openFaaSFindsItsWatchdog() async throws {
            try await Daemon.with(.scripted, settings: ["ENABLE_OPENFAAS": "true"]) { daemon in
                #expect(try await self.status(daemon, "/_/health") == "200")
                #expect(try await self.status(daemon, "/_/ready") == "200")
                let answer = try await HTTPAnswer.of("http://localhost:\(daemon.port)/", body: #""through the door""#)
                #expect(answer.status == 200)
                #expect(answer.body == #""through the door""#)
                async let slow = daemon.post(#"{"do": "sleep", "ms": 1500}"#)
                try await eventually("a busy replica is not ready") { try await self.status(daemon, "/_/ready") == "503" }
                #expect(try await slow.status == 200)
                try await eventually("it is ready again") { try await self.status(daemon, "/_/ready") == "200" }
            }
        }

        @Test func withoutOpenFaaSItsPathsAreUnknown() async throws {
            try await Daemon.with(.scripted) { daemon in
                for path in ["/", "/_/health", "/_/ready"] {
                    let status = try await self.status(daemon, path)
                    #expect(status == "404", "\(path)")
                }
            }
        }

        @Test func anInitContainerCopiesTheProgramUnderItsOwnName() async throws {
            let name = "daemon-" + UUID().uuidString
            let program = FileManager.default.temporaryDirectory.appendingPathComponent("link-" + name).path
            try FileManager.default.createDirectory(atPath: program, withIntermediateDirectories: true)
            let link = program + "/" + name
            let original = try ProgramEnvironment.program("lambda-runtime-api-daemon")
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: original)
            defer {
                try? FileManager.default.removeItem(atPath: program)
                try? FileManager.default.removeItem(atPath: "/tmp/" + name)
            }
            let result = try await Program.run(link, [], environment: ["KUBERNETES_INIT_CONTAINER": ""])
            #expect(result.status == .exited(0), "\(result.errors)")
            #expect(result.output == "/tmp/\(name)\n")
            #expect(FileManager.default.contentsEqual(atPath: "/tmp/" + name, andPath: original))
            let version = try await Program.run("/tmp/" + name, ["--version"])
            #expect(version.output.hasPrefix("lambda-runtime-api-daemon "))
        }

        @Test func aHealthCheckAsksTheDaemonAndStartsNothing() async throws {
            let program = try ProgramEnvironment.program("lambda-runtime-api-daemon")
            try await Daemon.with(.scripted) { daemon in
                let check = try await Program.run(program, ["--ready"], environment: ["PORT": String(daemon.port)])
                #expect(check.status == .exited(0), "\(check.errors)")
                #expect(try await Program.run("pgrep", ["-P", String(daemon.program.processID)]).output == "")
            }
            let port = String(ProgramPort.free())
            let check = try await Program.run(program, ["--ready"], environment: ["PORT": port])
            #expect(check.status == .exited(1))
            #expect(check.errors.hasPrefix("lambda-runtime-api-daemon: no answer from 127.0.0.1:\(port)"))
        }

        @Test func warmEnvironmentsStartAtOnceAndAreNotStoppedForBeingIdle() async throws {
            let settings = ["MAX_CONCURRENCY": "3", "MIN_CONCURRENCY": "2", "AWS_LAMBDA_FUNCTION_IDLETIMEOUT": "1"]
            try await Daemon.with(.scripted, settings: settings) { daemon in
                func runtimes() async throws -> Set<String> {
                    let children = try await Program.run("pgrep", ["-P", String(daemon.program.processID)])
                    return Set(children.output.split(separator: "\n").map(String.init))
                }
                try await eventually("two runtimes run before anybody calls") { try await runtimes().count == 2 }
                let first = try await runtimes()
                try await Task.sleep(for: .milliseconds(2500))
                #expect(try await runtimes() == first)
                let sleep = #"{"do": "sleep", "ms": 700}"#
                async let a = daemon.post(sleep)
                async let b = daemon.post(sleep)
                async let c = daemon.post(sleep)
                let answers = try await [a, b, c]
                #expect(answers.map(\.status) == [200, 200, 200])
                try await eventually("the third is stopped", within: .seconds(10)) { try await runtimes().count == 2 }
            }
        }
    }
}
