import AMQP
import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// A broker that does what brokers do on bad days, with a call under way.
    @Suite struct BrokerTrouble {
        /// How often the function was run, as the daemon's log has it; the first was to find it ready.
        private func runs(_ daemon: Daemon) -> Int {
            daemon.program.output.components(separatedBy: "START RequestId: ").count - 2
        }

        private func sleeping(_ milliseconds: Int) -> String { #"{"do": "sleep", "ms": \#(milliseconds)}"# }

        @Test func aBrokerThatStandsStillForThreeHeartbeatsCostsNoCallAndNoSecondRun() async throws {
            try await BrokerNode.withNode { node in
                try await Daemon.with(.scripted, broker: node.uri + "?heartbeat=1", settings: ["AWS_LAMBDA_FUNCTION_TIMEOUT": "30"]) { daemon in
                    // The caller's heartbeats are a minute apart: it does not notice.
                    let call = try CLI.start(
                        daemon.name, self.sleeping(3000), uri: node.uri, options: ["--timeout", "60"])
                    try await daemon.untilStarted(invocations: 2)
                    try node.pause()
                    try await Task.sleep(for: .seconds(4))
                    try node.resume()
                    #expect(try await call.result(within: .seconds(30)).status == .exited(0))
                    #expect(self.runs(daemon) == 1)
                }
            }
        }

        @Test func anAlarmHoldsTheReplyAndTheDaemonServesHTTPMeanwhile() async throws {
            try await BrokerNode.withNode { node in
                try await Daemon.with(.scripted, broker: node.uri, settings: ["MAX_CONCURRENCY": "2"]) { daemon in
                    let call = try CLI.start(
                        daemon.name, self.sleeping(1500), uri: node.uri, options: ["--timeout", "60"])
                    try await daemon.untilStarted(invocations: 2)
                    try await node.control("set_vm_memory_high_watermark", "absolute", "1MB")
                    try await daemon.untilReported(invocations: 2)
                    #expect(try await daemon.post("1").body == "1")
                    #expect(Program.isRunning(call.processID))
                    try await node.control("set_vm_memory_high_watermark", "0.4")
                    #expect(try await call.result(within: .seconds(30)).status == .exited(0))
                    #expect(try await CLI.invoke(daemon.name, "2", uri: node.uri).status == .exited(0))
                }
            }
        }

        @Test func aCallThatOutlivesTheAcknowledgementTimeoutRunsOnceAndIsAnswered() async throws {
            try await BrokerNode.withNode { node in
                // It is a minute and more in configuration files, and looked at once a minute.
                try await node.control(
                    "eval",
                    "application:set_env(rabbit, consumer_timeout, 2000), "
                        + "application:set_env(rabbit, channel_tick_interval, 500).")
                try await Daemon.with(.scripted, broker: node.uri, settings: ["AWS_LAMBDA_FUNCTION_TIMEOUT": "30"]) { daemon in
                    let call = try CLI.start(
                        daemon.name, self.sleeping(6000), uri: node.uri, options: ["--timeout", "60"])
                    #expect(try await call.result(within: .seconds(30)).status == .exited(0))
                    #expect(self.runs(daemon) == 1)
                    #expect(daemon.program.everything.contains("delivery acknowledgement"), "it did not time out")
                    #expect(try await CLI.invoke(daemon.name, "1", uri: node.uri).status == .exited(0))
                }
            }
        }

        @Test func whatRunsIsAnsweredWhenTheQueueIsDeletedAndTheQueueIsBack() async throws {
            let uri = try ProgramEnvironment.brokerURI()
            try await Daemon.with(.scripted, broker: uri) { daemon in
                let running = try CLI.start(daemon.name, self.sleeping(1500), options: ["--timeout", "30"])
                try await daemon.untilStarted(invocations: 2)
                let waiting = try CLI.start(daemon.name, "1", options: ["--timeout", "5"])
                let broker = EventBroker(uri: uri, name: daemon.name)
                try await eventually("another call waits") { try await broker.messages(in: daemon.name) == 1 }
                try await broker.remove()
                #expect(try await running.result().status == .exited(0))
                // The broker has dropped it, and says so to nobody: its caller's time ends it.
                let lost = try await waiting.result()
                #expect(lost.status == .exited(2))
                #expect(lost.errors.contains("NoAnswer"), "\(lost.errors)")
                #expect(try await CLI.invoke(daemon.name, "2").status == .exited(0))
            }
        }

        @Test func aDaemonWhosePermissionIsWithdrawnServesAgainWhenItIsBack() async throws {
            try await BrokerNode.withNode { node in
                try await node.control("add_user", "daemon", "secret")
                let permissions = ["set_permissions", "-p", "/", "daemon", ".*", ".*", ".*"]
                try await node.control(permissions)
                let uri = node.uri.replacingOccurrences(of: "guest:guest", with: "daemon:secret")
                try await Daemon.with(.scripted, broker: uri, clients: node.uri) { daemon in
                    let call = try CLI.start(
                        daemon.name, self.sleeping(1500), uri: node.uri, options: ["--timeout", "60"])
                    try await daemon.untilStarted(invocations: 2)
                    try await node.control("clear_permissions", "-p", "/", "daemon")
                    try await daemon.untilReported(invocations: 2)
                    #expect(Program.isRunning(daemon.program.processID))
                    try await node.control(permissions)
                    // Where the broker had the old permission in mind, the first reply got through; else the second.
                    #expect(try await call.result(within: .seconds(30)).status == .exited(0))
                    #expect((1...2).contains(self.runs(daemon)))
                    #expect(try await CLI.invoke(daemon.name, "1", uri: node.uri).status == .exited(0))
                }
            }
        }
    }
}
