import AMQP
import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Calls whose daemon dies, or is cut off.
    @Suite struct LostDaemon {
        private static let event = #"{"do": "who", "ms": 700}"#

        @Test func theCallsOfADaemonThatIsKilledAreTakenUpByOthersWithinASecond() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            let settings = ["MAX_CONCURRENCY": "2", "MIN_CONCURRENCY": "2"]
            let name = Daemon.uniqueName()
            try await Daemon.with(.scripted, name: name, broker: broker, settings: settings) { first in
                try await Daemon.with(.scripted, name: name, broker: broker, settings: settings) { second in
                    try await Daemon.with(.scripted, name: name, broker: broker, settings: settings) { third in
                        try await Daemon.with(.scripted, name: name, broker: broker, settings: settings) { fourth in
                            try await self.killOne([first, second, third, fourth])
                        }
                    }
                }
            }
        }

        private func killOne(_ daemons: [Daemon]) async throws {
            let name = daemons[0].name
            try await eventually("all four take messages") {
                let broker = EventBroker(uri: try ProgramEnvironment.brokerURI(), name: name)
                return try await broker.consumers(of: name) == 4
            }
            let before = daemons.map(self.starts)
            let calls = try (0..<4).map { _ in try CLI.start(name, Self.event, options: ["--timeout", "30"]) }
            try await eventually("four calls run") {
                zip(daemons, before).reduce(0) { $0 + self.starts($1.0) - $1.1 } >= 4
            }
            let victim = try #require(daemons.indices.first { self.starts(daemons[$0]) > before[$0] })
            let others = daemons.indices.filter { $0 != victim }.map { daemons[$0] }
            let lost = self.starts(daemons[victim]) - before[victim]
            let taken = others.reduce(0) { $0 + self.starts($1) }
            daemons[victim].program.signal(SIGKILL)
            try await eventually("the others have its calls", within: .seconds(1)) {
                others.reduce(0) { $0 + self.starts($1) } == taken + lost
            }
            for call in calls { #expect(try await call.result().status == .exited(0)) }
        }

        private func starts(_ daemon: Daemon) -> Int {
            daemon.program.output.components(separatedBy: "START RequestId: ").count - 1
        }

        @Test func aCallThatKillsItsDaemonsEndsWithAnError() async throws {
            let broker = EventBroker(uri: try ProgramEnvironment.brokerURI(), name: Daemon.uniqueName())
            let replies = broker.name + "-replies"
            try await broker.declare(replies)
            var properties = AMQPProperties(contentType: nil, correlationID: "1")
            properties.replyTo = AMQPShortString(replies)
            // Its function runs beside its daemon, and kills it: as a function does that takes all memory.
            var deaths = 0
            try await Daemon.with(.scripted, name: broker.name, broker: broker.uri) { _ in }
            try await broker.publish(#"{"do": "kill daemon"}"#, to: broker.name, properties)
            while try await broker.messages(in: replies) == 0, deaths < 10 {
                let daemon = try Daemon.start(.scripted, name: broker.name, broker: broker.uri)
                defer { daemon.program.killGroup() }
                try await eventually("it dies, or has answered") {
                    let isAnswered = try await broker.messages(in: replies) == 1
                    return isAnswered || !Program.isRunning(daemon.program.processID)
                }
                if !Program.isRunning(daemon.program.processID) { deaths += 1 }
            }
            #expect(deaths == 4)
            let reply = try #require(try await broker.take(from: replies))
            #expect(reply.properties.headers?["X-Amzn-ErrorType"]?.stringValue == "ServiceException")
            #expect(reply.properties.correlationID == "1")
            #expect(try await broker.messages(in: broker.name) == 0)
            try await broker.remove()
        }

        @Test func anIdempotencyKeyHasOneRunForCallersOverAMQPAndOverHTTP() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            try await Daemon.with(.scripted, broker: broker, settings: ["MAX_CONCURRENCY": "2"]) { daemon in
                try await Gateway.with(broker: broker) { gateway in
                    let key = "X-Lambda-Idempotency-Key: order-17"
                    async let first = gateway.post(Self.event, to: daemon.name, options: ["-H", key])
                    async let second = gateway.post(Self.event, to: daemon.name, options: ["-H", key])
                    let bodies = try await [first.body, second.body]
                    let third = try await daemon.post(
                        Self.event, headers: ["X-Lambda-Idempotency-Key": "order-17"])
                    #expect(Set(bodies + [third.body]).count == 1)
                    #expect(self.starts(daemon) == 2)
                    let other = try await gateway.post("1", to: daemon.name, options: ["-H", key])
                    #expect(other.status == 400)
                    #expect(other.body.contains("idempotency key"))
                }
            }
        }
    }
}
