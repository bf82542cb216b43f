import TestSupport
import Testing

extension EndToEnd {
    /// Bodies at the edges of AMQP's frames, byte for byte there and back, with several runtimes.
    @Suite struct BodySizes {
        @Test(arguments: [
            (event: "bytes:1", count: 500), (event: "empty", count: 50), (event: "bytes:131064", count: 100),
            (event: "bytes:131072", count: 100), (event: "bytes:5242880", count: 12),
        ])
        func comeBackUntouched(event: String, count: Int) async throws {
            let settings = ["MAX_CONCURRENCY": "4", "AWS_LAMBDA_FUNCTION_TIMEOUT": "30"]
            try await Daemon.with(.scripted, broker: try ProgramEnvironment.brokerURI(), settings: settings) { daemon in
                let load = try await Load.run(daemon.name, event, count: count, window: 8)
                #expect(load.replies == count)
                #expect(load.wrong == 0)
                #expect(load.unexpected == 0)
                #expect(load.outcomes.isEmpty)
            }
        }

        @Test func manyRequestsOverFourRuntimesAllComeBack() async throws {
            let settings = ["MAX_CONCURRENCY": "4"]
            try await Daemon.with(.scripted, broker: try ProgramEnvironment.brokerURI(), settings: settings) { daemon in
                let load = try await Load.run(daemon.name, "bytes:64", count: 5000, window: 64)
                #expect(load.replies == 5000)
                #expect(load.wrong == 0)
                #expect(load.unexpected == 0)
            }
        }
    }
}
