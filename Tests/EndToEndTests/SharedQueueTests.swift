import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Two daemons with one function name.
    @Suite struct SharedQueue {
        @Test func twoDaemonsShareTheMessages() async throws {
            try await self.withTwoDaemons { first, _ in
                let load = try await Load.run(first.name, #"{"do": "who"}"#, count: 400, window: 16)
                #expect(load.replies == 400)
                #expect(load.unexpected == 0)
                #expect(load.outcomes.isEmpty)
                for instance in ["first", "second"] {
                    #expect((load.instances[instance] ?? 0) >= 100, "\(load.instances)")
                }
            }
        }

        @Test func killingOneOfThemLosesNothing() async throws {
            try await self.withTwoDaemons { first, second in
                // 5 ms each, two at a time: the run takes three seconds or more, so that the kill falls into it.
                let program = try Load.start(first.name, #"{"do": "who", "ms": 5}"#, count: 1200, window: 16)
                try await Task.sleep(for: .seconds(1))
                second.program.signal(SIGKILL)
                let load = try await Load.summary(of: program)
                #expect(load.sent == 1200)
                #expect(load.replies == 1200)
                #expect(load.wrong == 0)
                // What ran twice was answered once: the broker takes back only what had no reply and no ack.
                #expect(load.unexpected <= 1, "\(load)")
                #expect(load.outcomes.isEmpty, "\(load)")
            }
        }

        private func withTwoDaemons(_ body: (Daemon, Daemon) async throws -> Void) async throws {
            let broker = try ProgramEnvironment.brokerURI()
            try await Daemon.with(.scripted, broker: broker, settings: ["INSTANCE": "first"]) { first in
                try await Daemon.with(
                    .scripted, name: first.name, broker: broker, settings: ["INSTANCE": "second"]
                ) { second in
                    // Ready over AMQP may have been the first one's answer.
                    try await eventually("the second daemon takes messages, too") {
                        try await Load.run(first.name, #"{"do": "who"}"#, count: 20, window: 8).instances["second"] != nil
                    }
                    try await body(first, second)
                }
            }
        }
    }
}
