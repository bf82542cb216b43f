import TestSupport
import Testing

extension EndToEnd {
    /// What anybody who may publish can send through a real broker.
    @Suite struct HostileMessages {
        @Test func aHeaderNested25000DeepKillsNobodyAndIsNotDeliveredForEver() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            // 25 000 calls a hundred bytes each are too many for this stack; a recursive decoder may survive the usual 8 MB.
            try await Daemon.with(.scripted, broker: broker, stackByteCount: 1 << 20) { daemon in
                let publish = try await Program.run(
                    ProgramEnvironment.python(), [Daemon.scripts + "/nested_message.py", broker, daemon.name])
                #expect(publish.status == .exited(0), "\(publish.errors)")
                // A message that came back again and again would keep the connection from ever being useful.
                let load = try await Load.run(daemon.name, "bytes:64", count: 200, window: 8)
                #expect(load.replies == 200)
                #expect(load.wrong == 0)
                #expect(Program.isRunning(daemon.program.processID))
            }
        }
    }
}
