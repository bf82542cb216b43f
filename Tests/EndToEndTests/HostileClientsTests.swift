import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Clients that are slow, greedy, or lie, against a real gateway: the right status, bounded memory, and others are
    /// served meanwhile.
    @Suite struct HostileClients {
        struct Attack: Sendable, CustomTestStringConvertible {
            let way: String
            var count = 1
            /// What each of the clients gets; 0: the connection is closed; -1: the client leaves.
            let status: Int
            /// By which the gateway's largest memory may grow, in megabytes.
            var megabytes = 12
            var testDescription: String { self.way }
        }

        @Test(arguments: [
            // 500 connections, a byte each 0.2 s.
            Attack(way: "slow-head", count: 500, status: 408, megabytes: 24),
            Attack(way: "slow-body", count: 500, status: 400, megabytes: 24),
            Attack(way: "silent-body", count: 500, status: 400, megabytes: 24),
            Attack(way: "many-headers", count: 20, status: 431),
            Attack(way: "long-header", count: 20, status: 431),
            Attack(way: "large-body", count: 4, status: 413, megabytes: 48),
            Attack(way: "endless-body", count: 2, status: 413, megabytes: 40),
            Attack(way: "lying-chunk", count: 4, status: 400),
            Attack(way: "cut-chunk", count: 4, status: 400),
            Attack(way: "two-lengths", count: 4, status: 400),
            Attack(way: "leaves-in-head", count: 200, status: -1, megabytes: 24),
            Attack(way: "leaves-after-head", count: 200, status: -1, megabytes: 24),
            Attack(way: "leaves-in-body", count: 20, status: -1, megabytes: 100),
            Attack(way: "leaves-while-waiting", count: 20, status: -1),
            // These hold an answer each, until they are given up.
            Attack(way: "leaves-in-answer", count: 4, status: -1, megabytes: 100),
            Attack(way: "never-reads", count: 4, status: 0, megabytes: 100),
            Attack(way: "reads-slowly", count: 4, status: 0, megabytes: 100),
            Attack(way: "asks-and-never-reads", count: 2, status: 0, megabytes: 40),
        ])
        func costsLittleAndHurtsNobody(attack: Attack) async throws {
            let broker = try ProgramEnvironment.brokerURI()
            let daemon = ["MAX_CONCURRENCY": "8", "AWS_LAMBDA_FUNCTION_TIMEOUT": "10"]
            try await Daemon.with(.scripted, broker: broker, settings: daemon) { daemon in
                try await Gateway.with(broker: broker, settings: ["CLIENT_TIMEOUT": "3"]) { gateway in
                    let steady = try Program(
                        ProgramEnvironment.python(),
                        [Daemon.scripts + "/steady_caller.py", String(gateway.port), daemon.name])
                    defer { steady.killGroup() }
                    try await eventually("the steady caller is served") { steady.output.contains("200 ") }
                    let before = try gateway.program.memory("VmHWM")

                    let result = try await Program.run(
                        ProgramEnvironment.python(),
                        [
                            Daemon.scripts + "/hostile_client.py", String(gateway.port), daemon.name, attack.way,
                            String(attack.count),
                        ])
                    #expect(result.status == .exited(0), "\(result.errors)")
                    let outcome = try JSONDecoder().decode(Outcome.self, from: Data(result.output.utf8))
                    #expect(outcome.statuses == [String(attack.status): attack.count], "\(outcome)")
                    let growth = try gateway.program.memory("VmHWM") - before
                    #expect(growth < attack.megabytes * 1024, "\(growth) kB")

                    let calls = steady.output.count { $0 == "\n" }
                    try await eventually("the steady caller is still served") {
                        steady.output.count { $0 == "\n" } > calls + 10
                    }
                    try self.expectSteady(steady)
                    try await self.expectNothingLeft(gateway)
                }
            }
        }

        /// Connections of clients that are gone, or given up, are closed here too.
        private func expectNothingLeft(_ gateway: Gateway) async throws {
            try await eventually("only the steady caller is connected") {
                let sockets = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(gateway.program.processID)/fd")
                // The loops' own, listeners, the broker's connections, the steady caller: a dozen or two.
                return sockets.count < 40
            }
        }

        private func expectSteady(_ steady: Program) throws {
            // The last line may not be whole.
            for line in steady.output.split(separator: "\n").dropLast() {
                let parts = line.split(separator: " ")
                #expect(parts.first == "200")
                let seconds = try #require(parts.last.flatMap { Double($0) })
                #expect(seconds < 2, "\(line)")
            }
        }

        private struct Outcome: Decodable {
            let statuses: [String: Int]
            let seconds: Double
            let sent: Int
        }
    }
}

extension Program {
    /// A line of `/proc/PID/status` such as `VmHWM`, in kB.
    func memory(_ name: String) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(self.processID)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix(name + ":") })
        return try #require(Int(line.split(separator: " ")[1]))
    }
}
