import AMQP
import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Events while daemons and brokers die.
    @Suite struct EventFailures {
        private func start(_ name: String, _ uri: String, settings: [String: String] = [:]) async throws -> Program {
            let port = ProgramPort.free()
            var environment = try Daemon.environment()
            environment["AWS_LAMBDA_FUNCTION_NAME"] = name
            environment["AMQP_URI"] = uri
            environment["PORT"] = String(port)
            environment["RUNTIME_API_PORT"] = String(ProgramPort.free())
            environment.merge(Events.settings) { $1 }
            environment.merge(settings) { $1 }
            let program = try Program(
                try ProgramEnvironment.program("lambda-runtime-api-daemon"),
                ["python3", Daemon.scripts + "/event_runtime.py"], environment: environment)
            try await eventually("the daemon listens") { ProgramPort.accepts(port) }
            return program
        }

        private func untilQueued(_ broker: EventBroker) async throws {
            try await eventually("the queue for events is there") {
                (try? await broker.messages(in: broker.name + ".async")) != nil
            }
        }

        @Test func anEventWhoseDaemonIsKilledInItsMiddleRunsAgain() async throws {
            let broker = EventBroker(uri: try ProgramEnvironment.brokerURI(), name: Daemon.uniqueName())
            let file = try EventFile()
            let first = try await self.start(broker.name, broker.uri)
            defer { first.killGroup() }
            try await self.untilQueued(broker)
            let id = try await broker.invoke(file.event(#""ms": 1500"#))
            try await eventually("it runs") { try file.count() == 1 }
            first.signal(SIGKILL)
            let second = try await self.start(broker.name, broker.uri)
            defer { second.killGroup() }
            try await eventually("it runs again") { try file.count() == 2 }
            #expect(try file.attempts().allSatisfy { $0.requestID == id })
            try await eventually("it is done") { try await broker.messages(in: broker.name + ".async") == 0 }
            // In order: what has started is finished, and acknowledged.
            second.signal(SIGTERM)
            #expect(try await second.end() == .exited(0))
            #expect(try await broker.messages(in: broker.name + ".async") == 0)
            try await broker.remove()
        }

        @Test(arguments: ["quorum", "classic"])
        func anEventThatKillsItsDaemonsEndsAmongTheDeadLetters(_ type: String) async throws {
            let broker = EventBroker(uri: try ProgramEnvironment.brokerURI(), name: Daemon.uniqueName())
            let file = try EventFile()
            let settings = ["EVENT_QUEUE_TYPE": type, "EVENT_RETRIES": "0"]
            var daemon = try await self.start(broker.name, broker.uri, settings: settings)
            defer { daemon.killGroup() }
            try await self.untilQueued(broker)
            try await broker.invoke(file.event(#""die": true"#))
            for death in 1...3 {
                try await eventually("death \(death)") { !Program.isRunning(daemon.processID) }
                daemon.killGroup()
                daemon = try await self.start(broker.name, broker.uri, settings: settings)
            }
            try await eventually("a dead letter") { try await broker.deadLetters().count == 1 }
            #expect(try file.count() == 3)
            #expect(Program.isRunning(daemon.processID))
            try await broker.remove()
        }

        @Test func aTerminatedDaemonGivesBackWhatHasNotStarted() async throws {
            let broker = EventBroker(uri: try ProgramEnvironment.brokerURI(), name: Daemon.uniqueName())
            let file = try EventFile()
            // Without a retry a single lost attempt would be the end.
            let daemon = try await self.start(broker.name, broker.uri, settings: ["EVENT_RETRIES": "0"])
            defer { daemon.killGroup() }
            try await self.untilQueued(broker)
            for _ in 0..<3 { try await broker.invoke(file.event(#""ms": 1000"#)) }
            try await eventually("the first runs") { try file.count() == 1 }
            daemon.signal(SIGTERM)
            #expect(try await daemon.end() == .exited(0))
            #expect(try file.count() == 1)
            try await eventually("two are left") { try await broker.messages(in: broker.name + ".async") == 2 }
            for _ in 0..<2 {
                let message = try #require(try await broker.take(from: broker.name + ".async"))
                #expect(message.properties.headers?["X-Lambda-Attempt"] == nil)
                #expect(!message.isRedelivered)
            }
            try await broker.remove()
        }

        @Test func noEventIsLostWhenTheBrokerIsKilledWithABacklog() async throws {
            try await BrokerNode.withNode { node in
                let broker = EventBroker(uri: node.uri, name: Daemon.uniqueName())
                let file = try EventFile()
                let daemon = try await self.start(broker.name, node.uri, settings: ["MAX_CONCURRENCY": "2"])
                defer { daemon.killGroup() }
                try await self.untilQueued(broker)
                // RabbitMQ 3.10 that is killed less than two seconds after a quorum queue was declared does not find
                // its confirmed messages again.
                try await Task.sleep(for: .seconds(3))
                try await broker.invoke(file.event(#""ms": 20"#), count: 100)
                try await eventually("some have run") { try file.count() >= 10 }
                try await node.kill()
                try await node.start()
                try await eventually("all have run", within: .seconds(60)) {
                    Set(try file.attempts().map(\.requestID)).count == 100
                }
                try await eventually("none is left") { try await broker.messages(in: broker.name + ".async") == 0 }
                #expect(try await broker.deadLetters().isEmpty)
                // What ran when the broker died runs on, and is joined. Only an acknowledgement that the broker had not
                // taken in is a second run: of two environments, and of the event between them.
                #expect(try file.count() <= 103)
            }
        }

        @Test func aCallerIsPreferredToABacklogOfEvents() async throws {
            let broker = EventBroker(uri: try ProgramEnvironment.brokerURI(), name: Daemon.uniqueName())
            let file = try EventFile()
            let daemon = try await self.start(broker.name, broker.uri)
            defer { daemon.killGroup() }
            try await self.untilQueued(broker)
            try await broker.invoke(file.event(#""ms": 100"#), count: 100)
            try await eventually("the backlog is being worked at") { try file.count() >= 2 }
            // One slot: each call waits for the event that runs, and for no other.
            let load = try await Load.run(broker.name, "bytes:10", count: 10, window: 1)
            #expect(load.replies == 10)
            let run = try file.count()
            #expect(run <= 30, "\(run) events ran during 10 calls")
            try await broker.remove()
        }
    }
}
