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

        /// With short events it looks ahead when the signal comes, and with longer ones every slot is taken.
        @Test(arguments: [(#"{"do": "who"}"#, 6000), (#"{"do": "who", "ms": 20}"#, 400)])
        func terminatingOneOfThemUnderLoadCostsNoCallerAnything(event: String, count: Int) async throws {
            try await self.withTwoDaemons { first, second in
                let program = try Load.start(first.name, event, count: count, window: 24)
                try await Task.sleep(for: .seconds(1))
                second.program.signal(SIGTERM)
                #expect(try await second.program.end(within: .seconds(10)) == .exited(0))
                #expect(Program.isRunning(program.processID), "the load was over before the daemon had ended")
                let load = try await Load.summary(of: program)
                #expect(load.replies == count)
                #expect(load.wrong == 0)
                #expect(load.unexpected == 0)
                #expect(load.outcomes.isEmpty, "\(load)")
            }
        }

        @Test func aDaemonWithoutARuntimeLeavesTheMessagesToAWarmOne() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            let settings = ["AMQP_PREFER_WARM": "true", "LOG_LEVEL": "info"]
            try await Daemon.with(.scripted, broker: broker, settings: settings.with("INSTANCE", "first")) { first in
                try await Daemon.with(
                    .scripted, name: first.name, broker: broker, settings: settings.with("INSTANCE", "second")
                ) { second in
                    try await eventually("the second one consumes") { second.program.everything.contains("Consuming") }
                    let load = try await Load.run(first.name, #"{"do": "who"}"#, count: 100, window: 1)
                    #expect(load.instances == ["first": 100])
                    // Where the warm one has no room the cold one helps, and is warm from then on.
                    try await eventually("both take messages") {
                        let load = try await Load.run(first.name, #"{"do": "who", "ms": 20}"#, count: 40, window: 8)
                        return (load.instances["second"] ?? 0) > 10
                    }
                    let both = try await Load.run(first.name, #"{"do": "who"}"#, count: 100, window: 1)
                    #expect((both.instances["second"] ?? 0) > 10, "\(both.instances)")
                }
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

extension [String: String] {
    fileprivate func with(_ key: String, _ value: String) -> [String: String] {
        self.merging([key: value]) { $1 }
    }
}
