import AMQP
import Foundation
import LambdaMessages
import NIOCore
import TestSupport
import Testing

extension EndToEnd {
    /// Events, for whose answers nobody waits: each is run, tried again, or among the dead letters.
    @Suite struct Events {
        static let runtime = Daemon.Runtime.command(
            ["python3", Daemon.scripts + "/event_runtime.py"], in: Daemon.scripts)
        static let settings = ["EVENT_RETRY_WAITS": "0.2,0.4", "PRINT_REPORTS": "false"]

        /// A daemon, its queues, and a file that notes attempts.
        private func with(
            _ settings: [String: String] = [:], uri: String? = nil,
            _ body: (Daemon, EventBroker, EventFile) async throws -> Void
        ) async throws {
            let uri = try uri ?? ProgramEnvironment.brokerURI()
            let all = Self.settings.merging(settings) { $1 }
            let name = Daemon.uniqueName()
            let broker = EventBroker(uri: uri, name: name)
            try await Daemon.with(Self.runtime, name: name, broker: uri, settings: all) { daemon in
                try await eventually("the queue for events is there") {
                    (try? await broker.messages(in: name + ".async")) != nil
                }
                try await body(daemon, broker, EventFile())
            }
            try await broker.remove(retries: [200, 400])
        }

        @Test func anEventThatFailsTwiceIsTriedAgainUnderTheSameIDUntilItSucceeds() async throws {
            try await self.with { _, broker, file in
                let id = try await broker.invoke(file.event(#""fail": 2"#))
                try await eventually("three attempts") { try file.count() == 3 }
                let attempts = try file.attempts()
                #expect(attempts.allSatisfy { $0.requestID == id })
                #expect(attempts[1].time - attempts[0].time >= 0.19)
                #expect(attempts[2].time - attempts[1].time >= 0.39)
                try await eventually("nothing is left") { try await broker.messages(in: broker.name + ".async") == 0 }
                #expect(try await broker.deadLetters().isEmpty)
            }
        }

        @Test func anEventThatAlwaysFailsIsADeadLetterAndRunsAgainWhenReplayed() async throws {
            try await self.with { _, broker, file in
                let id = try await broker.invoke(file.event(#""fail": 3"#))
                try await eventually("a dead letter") { try await broker.deadLetters().count == 1 }
                #expect(try file.count() == 3)

                let list = try await CLI.deadLetters("list", broker)
                #expect(list.status == .exited(0), "\(list.errors)")
                #expect(list.output.contains("\(id)\t"))
                #expect(list.output.contains("\t3\tRetriesExhausted\tnot yet"))

                let show = try await CLI.deadLetters("show", broker, [id])
                let record = try #require(
                    try JSONSerialization.jsonObject(with: Data(show.output.utf8)) as? [String: Any])
                let context = try #require(record["requestContext"] as? [String: Any])
                #expect(context["requestId"] as? String == id)
                #expect(context["condition"] as? String == "RetriesExhausted")
                #expect(context["approximateInvokeCount"] as? Int == 3)
                #expect((context["functionArn"] as? String)?.hasSuffix(":function:\(broker.name):$LATEST") == true)
                #expect((record["responseContext"] as? [String: Any])?["functionError"] as? String == "Unhandled")
                #expect((record["responsePayload"] as? [String: Any])?["errorMessage"] as? String == "not yet")
                let event = try await CLI.deadLetters("show", broker, [id, "--event"])
                #expect(event.output == file.event(#""fail": 3"#) + "\n")

                let unknown = try await CLI.deadLetters("replay", broker, [UUID().uuidString])
                #expect(unknown.status == .exited(1))
                let replayed = try await CLI.deadLetters("replay", broker, [id])
                #expect(replayed.status == .exited(0), "\(replayed.errors)")
                #expect(replayed.output == "1 replayed\n")
                // The fourth attempt of this id is one that succeeds.
                try await eventually("the replayed event runs") { try file.count() == 4 }
                #expect(try file.attempts().allSatisfy { $0.requestID == id })
                #expect(try await broker.deadLetters().isEmpty)
            }
        }

        @Test func deadLettersCanBePurged() async throws {
            try await self.with(["EVENT_RETRIES": "0"]) { _, broker, file in
                for _ in 0..<3 { try await broker.invoke(file.event(#""fail": 9"#)) }
                try await eventually("three dead letters") { try await broker.deadLetters().count == 3 }
                #expect(try file.count() == 3)
                #expect(try await CLI.deadLetters("purge", broker).output == "3 deleted\n")
                #expect(try await CLI.deadLetters("list", broker).output.isEmpty)
            }
        }

        @Test func theCommandLineEndsWhenTheEventIsKeptAndTellsAFunctionThatIsNotThere() async throws {
            try await self.with { daemon, _, file in
                let kept = try await CLI.invoke(daemon.name, file.event(#""ms": 500"#), options: ["--event"])
                #expect(kept.status == .exited(0), "\(kept.errors)")
                let id = kept.output.trimmingCharacters(in: .newlines)
                try await eventually("it runs") { try file.attempts().first?.requestID == id }
                let nobody = try await CLI.invoke(Daemon.uniqueName(), "{}", options: ["--event"])
                #expect(nobody.status == .exited(2))
                #expect(nobody.errors.contains("ResourceNotFoundException"))
            }
        }

        @Test func anEventOverHTTPIsAcceptedOnceTheBrokerHasItAndTriedAgain() async throws {
            try await self.with { daemon, broker, file in
                let answer = try await HTTPAnswer.of(
                    "http://localhost:\(daemon.port)/2015-03-31/functions/function/invocations",
                    body: file.event(#""fail": 1"#), options: ["-H", "X-Amz-Invocation-Type: Event"])
                #expect(answer.status == 202)
                #expect(answer.body.isEmpty)
                try await eventually("two attempts") { try file.count() == 2 }
                let ids = Set(try file.attempts().map(\.requestID))
                #expect(ids == [answer.headers["x-amzn-requestid"] ?? "none"])
                #expect(try await broker.deadLetters().isEmpty)
            }
        }

        @Test func anEventPublishedForTheFunctionWithoutReplyToHasTheSameCare() async throws {
            try await self.with { _, broker, file in
                // As somebody publishes who knows nothing of request ids: neither persistent nor with any property.
                try await broker.publish(file.event(#""fail": 2"#), to: broker.name)
                try await eventually("three attempts") { try file.count() == 3 }
                #expect(Set(try file.attempts().map(\.requestID)).count == 1)
            }
        }

        @Test func whatIsNoJSONIsADeadLetterAtOnceByteForByte() async throws {
            try await self.with { _, broker, _ in
                try await broker.publish("not JSON", to: broker.name)
                try await eventually("a dead letter") { try await broker.deadLetters().count == 1 }
                let letter = try #require(try await broker.deadLetters().first)
                #expect(String(buffer: letter.event) == "not JSON")
                #expect(letter.attempts == 0)
            }
        }

        @Test func anEventThatIsTooOldIsNotRun() async throws {
            try await self.with(["EVENT_MAX_AGE": "60"]) { _, broker, file in
                var properties = AMQPProperties()
                properties.timestamp = UInt64(Date().timeIntervalSince1970) - 120
                try await broker.publish(file.event(), to: broker.name + ".async", properties)
                try await eventually("a dead letter") { try await broker.deadLetters().count == 1 }
                #expect(try await broker.deadLetters().first?.condition == "EventAgeExceeded")
                #expect(try file.count() == 0)
            }
        }

        @Test func successesAndFailuresAreToldToTheirDestinations() async throws {
            let queue = Daemon.uniqueName()
            let settings = [
                "EVENT_RETRIES": "0", "EVENT_ON_SUCCESS": queue + "-good",
                "EVENT_ON_FAILURE": "amq.direct/nobody-listens",
            ]
            try await self.with(settings) { _, broker, file in
                try await broker.declare(queue + "-good")
                let good = try await broker.invoke(file.event())
                try await eventually("a record") { try await broker.messages(in: queue + "-good") == 1 }
                let record = try #require(try await broker.take(from: queue + "-good"))
                #expect(record.properties.messageID?.string == good)
                let text = String(buffer: record.body)
                #expect(text.contains(#""condition":"Success","approximateInvokeCount":1"#))
                #expect(text.contains(#""requestPayload":\#(file.event())"#))
                // A destination that takes nothing costs its record, and nothing else.
                try await broker.invoke(file.event(#""fail": 9"#))
                try await eventually("a dead letter") { try await broker.deadLetters().count == 1 }
                try await broker.invoke(file.event())
                try await eventually("the next one") { try await broker.messages(in: queue + "-good") == 1 }
            }
        }
    }
}
