import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Clients that know nothing of this project, and its own command line.
    @Suite struct Clients {
        private let event = #"{"key": "value"}"#

        @Test func pikaGetsTheAnswer() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            try await Daemon.with(.scripted, broker: broker) { daemon in
                let answer = try await Program.run(
                    ProgramEnvironment.python(), [Daemon.echoExample + "/clients/pika_client.py", self.event],
                    environment: ["AMQP_URI": broker, "FUNCTION_NAME": daemon.name])
                #expect(answer.status == .exited(0), "\(answer.errors)")
                #expect(answer.output.trimmingLastNewline == self.event)
            }
        }

        /// Design 4: fadams' clients work unchanged.
        @Test func aClientThatKnowsNoneOfOurHeadersGetsItsAnswers() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            try await Daemon.with(.scripted, broker: broker) { daemon in
                let answer = try await Program.run(
                    ProgramEnvironment.python(),
                    [Daemon.scripts + "/plain_client.py", broker, daemon.name, self.event, #"{"do": "error"}"#, "[1]"])
                #expect(answer.status == .exited(0), "\(answer.errors)")
                let lines = answer.output.split(separator: "\n")
                #expect(lines.count == 3)
                #expect(lines.first.map(String.init) == self.event)
                #expect(lines.dropFirst().first?.contains("errorMessage") == true)
                #expect(lines.last == "[1]")
            }
        }

        @Test func theSwiftClientGetsTenAnswers() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            try await Daemon.with(.scripted, broker: broker) { daemon in
                let answer = try await Program.run(
                    ProgramEnvironment.value("TEST_EXAMPLES_BIN") + "/echo-client", [self.event],
                    environment: ["AMQP_URI": broker, "FUNCTION_NAME": daemon.name])
                #expect(answer.status == .exited(0), "\(answer.errors)")
                #expect(answer.output.trimmingLastNewline == self.event + " (10 times)")
            }
        }

        @Test func botoSeesAResultWithItsRequestID() async throws {
            try await Daemon.with(.python(handler: "functions.request_id", in: Daemon.scripts)) { daemon in
                let answer = try await BotoAnswer.of(daemon, event: self.event)
                #expect(answer.statusCode == 200)
                #expect(answer.functionError == nil)
                #expect(answer.executedVersion == "$LATEST")
                let requestID = try #require(answer.requestId)
                #expect(answer.payload == "\"\(requestID)\"")
            }
        }

        @Test func botoSeesAnExceptionAsAFunctionErrorWithStatus200() async throws {
            try await Daemon.with(.python(handler: "functions.failing", in: Daemon.scripts)) { daemon in
                let answer = try await BotoAnswer.of(daemon, event: self.event)
                #expect(answer.statusCode == 200)
                #expect(answer.functionError == "Unhandled")
                #expect(try #require(answer.payload).contains("this function always fails"))
            }
        }

        @Test func botoSeesAnInvalidEventAsItsTypedException() async throws {
            try await Daemon.with(.scripted) { daemon in
                let answer = try await BotoAnswer.of(daemon, event: "hello")
                #expect(answer.statusCode == 400)
                #expect(answer.errorCode == "InvalidRequestContentException")
            }
        }

        @Test func theFunctionInBashAnswersBothWays() async throws {
            let runtime = Daemon.Runtime.command(["./bootstrap"], in: Daemon.echoExample)
            try await Daemon.with(runtime, broker: try ProgramEnvironment.brokerURI()) { daemon in
                #expect(try await daemon.post(self.event).body == self.event)
                let load = try await Load.run(daemon.name, "bytes:100000", count: 10, window: 2)
                #expect(load.replies == 10)
                #expect(load.wrong == 0)
                let empty = try await Load.run(daemon.name, "empty", count: 2, window: 1)
                #expect(empty.replies == 2)
                #expect(empty.wrong == 0)
            }
        }

        @Test func theCommandLineTakesThePayloadFromArgumentFileAndInput() async throws {
            let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
            try self.event.write(toFile: file, atomically: false, encoding: .utf8)
            defer { try? FileManager.default.removeItem(atPath: file) }
            try await Daemon.with(.scripted, broker: try ProgramEnvironment.brokerURI()) { daemon in
                for (payload, input) in [(self.event, "/dev/null"), ("@" + file, "/dev/null"), ("-", file)] {
                    let answer = try await CLI.invoke(daemon.name, payload, input: input)
                    #expect(answer.status == .exited(0), "\(payload): \(answer.errors)")
                    #expect(answer.output.trimmingLastNewline == self.event)
                }
            }
        }

        @Test func theCommandLineTellsAFunctionErrorFromAnInfrastructureError() async throws {
            try await Daemon.with(.scripted, broker: try ProgramEnvironment.brokerURI()) { daemon in
                let failed = try await CLI.invoke(daemon.name, #"{"do": "error"}"#)
                #expect(failed.status == .exited(1))
                #expect(failed.output == "")
                #expect(failed.errors.contains("as the event wants it"))

                let unknown = try await CLI.invoke(Daemon.uniqueName(), "{}")
                #expect(unknown.status == .exited(2))
                #expect(unknown.errors.contains("ResourceNotFoundException"))

                let late = try await CLI.invoke(
                    daemon.name, #"{"do": "sleep", "ms": 2500}"#, options: ["--timeout", "1"])
                #expect(late.status == .exited(2))
                #expect(late.output == "")
            }
            let port = ProgramPort.free()
            let refused = try await CLI.invoke("any", "{}", uri: "amqp://127.0.0.1:\(port)?connection_attempts=1")
            #expect(refused.status == .exited(2))
        }
    }
}
