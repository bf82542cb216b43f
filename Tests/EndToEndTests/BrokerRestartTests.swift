import TestSupport
import Testing

extension EndToEnd {
    /// The broker goes and comes back while a daemon runs.
    @Suite struct BrokerRestart {
        @Test func theDaemonIsBackWithoutHelpAfterAnOrderlyRestart() async throws {
            try await self.restarting { node in
                try await node.stop()
                try await node.start()
            }
        }

        @Test func theDaemonIsBackWithoutHelpAfterACrash() async throws {
            try await self.restarting { node in
                try await node.kill()
                try await node.start()
            }
        }

        @Test func aCallUnderWayEndsWithAnErrorWhenItsBrokerGoes() async throws {
            try await BrokerNode.withNode { node in
                try await Daemon.with(.scripted, broker: node.uri) { daemon in
                    let call = try CLI.start(
                        daemon.name, #"{"do": "sleep", "ms": 2000}"#, uri: node.uri, options: ["--timeout", "60"])
                    try await Task.sleep(for: .seconds(1))
                    try await node.kill()
                    // Its own broker is gone, its time is not up: it must not wait for the rest of the minute.
                    let result = try await call.result(within: .seconds(20))
                    #expect(result.status == .exited(2))
                    #expect(result.errors.contains("NoAnswer"), "\(result.errors)")
                }
            }
        }

        private func restarting(_ restart: (BrokerNode) async throws -> Void) async throws {
            try await BrokerNode.withNode { node in
                try await Daemon.with(.scripted, broker: node.uri) { daemon in
                    try await restart(node)
                    #expect(Program.isRunning(daemon.program.processID))
                    try await eventually("the daemon consumes again", within: .seconds(15)) {
                        try await CLI.invoke(daemon.name, "\"again\"", uri: node.uri).status == .exited(0)
                    }
                    let load = try await Load.run(daemon.name, "bytes:64", count: 200, window: 8, uri: node.uri)
                    #expect(load.replies == 200)
                    #expect(load.wrong == 0)
                }
            }
        }
    }
}
