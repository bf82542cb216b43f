import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Streams over AMQP: a client that only knows the wire contract, and the command line.
    @Suite struct AMQPStreaming {
        private func withDaemon(timeout: Int = 20, _ body: (Daemon) async throws -> Void) async throws {
            let settings = ["AWS_LAMBDA_FUNCTION_TIMEOUT": String(timeout)]
            try await Daemon.with(
                Streaming.runtime, broker: try ProgramEnvironment.brokerURI(), settings: settings, body)
        }

        @Test func pikaTakesTwentyMegabytesForCredit() async throws {
            try await self.withDaemon { daemon in
                let answer = try await PikaStream.of(
                    daemon, #"{"chunks": 320, "size": 65536, "type": "text/plain"}"#, credit: 200_000, renews: true)
                #expect(answer.isWhole)
                #expect(answer.sequences)
                #expect(answer.byteCount == 20 * 1024 * 1024)
                #expect(answer.contentType == "text/plain")
                #expect(answer.status == 200)
                #expect(answer.functionError == nil)
                #expect(answer.attempt == 0)
                #expect(answer.requestId?.count == 36)
                #expect(answer.body == "")
            }
        }

        @Test func aBufferedAnswerComesInOneChunk() async throws {
            try await self.withDaemon { daemon in
                let answer = try await PikaStream.of(
                    daemon, #"{"chunks": 1, "size": 6291556, "buffered": true}"#, credit: 10_000_000, renews: false)
                #expect(answer.isWhole)
                #expect(answer.contentType == "application/json")
                let over = try await PikaStream.of(
                    daemon, #"{"chunks": 1, "size": 6291557, "buffered": true}"#, credit: 10_000_000, renews: false)
                #expect(over.functionError == "Unhandled")
                #expect(over.body.contains("Function.ResponseSizeTooLarge"))
                #expect(over.byteCount == 0)
            }
        }

        @Test func withoutFurtherCreditTheFunctionIsEndedAtItsTimeoutAndTheNextInvocationWorks() async throws {
            try await self.withDaemon(timeout: 1) { daemon in
                let answer = try await PikaStream.of(
                    daemon, #"{"chunks": 320, "size": 65536}"#, credit: 100_000, renews: false)
                #expect(answer.byteCount == 100_000)
                #expect(answer.functionError == "Unhandled")
                #expect(answer.body.contains("Sandbox.Timedout"))
                #expect(answer.sequences)
                let next = try await PikaStream.of(
                    daemon, #"{"chunks": 2, "size": 10}"#, credit: 100, renews: false)
                #expect(next.isWhole)
                #expect(next.functionError == nil)
            }
        }

        @Test func anErrorInTheTrailersIsTheOutcome() async throws {
            try await self.withDaemon { daemon in
                let answer = try await PikaStream.of(
                    daemon, #"{"chunks": 2, "size": 10, "fail": "trailer"}"#, credit: 100, renews: false)
                #expect(answer.isWhole)
                #expect(answer.status == 200)
                #expect(answer.functionError == "Unhandled")
                #expect(answer.body.hasPrefix(#"{"errorType":"Error","errorMessage":"in mid-stream""#))
            }
        }

        @Test func theCommandLinePrintsAStream() async throws {
            try await self.withDaemon { daemon in
                let options = ["--stream"]
                let whole = try await CLI.invoke(daemon.name, #"{"chunks": 50, "size": 100000}"#, options: options)
                #expect(whole.status == .exited(0), "\(whole.errors)")
                let letters = (0..<50).map { Character(Unicode.Scalar(UInt8(65 + $0 % 26))) }
                #expect(whole.output == letters.map { String(repeating: $0, count: 100_000) }.joined())

                let failed = try await CLI.invoke(
                    daemon.name, #"{"chunks": 2, "size": 10, "fail": "trailer"}"#, options: options)
                #expect(failed.status == .exited(1))
                #expect(failed.output == "AAAAAAAAAABBBBBBBBBB")
                #expect(failed.errors.contains("in mid-stream"))

                let unknown = try await CLI.invoke(Daemon.uniqueName(), "{}", options: options)
                #expect(unknown.status == .exited(2))
                #expect(unknown.errors.contains("ResourceNotFoundException"))
            }
        }

        @Test func chunksArePrintedAsTheyAreMade() async throws {
            try await self.withDaemon { daemon in
                let program = try CLI.start(
                    daemon.name, #"{"chunks": 2, "size": 10, "hang": true}"#, options: ["--stream"])
                try await eventually("the first chunks are printed") { program.output == "AAAAAAAAAABBBBBBBBBB" }
                program.killGroup()
                _ = try await program.end()
            }
        }

        @Test func aDaemonThatDiesInMidStreamBreaksItBySecondAttempt() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            let name = Daemon.uniqueName()
            try await Daemon.with(Streaming.runtime, name: name, broker: broker) { first in
                let program = try CLI.start(
                    name, #"{"chunks": 2, "size": 10, "hang": true}"#, options: ["--stream", "--timeout", "50"])
                try await eventually("the stream has begun") { program.output.hasPrefix("A") }
                try await Daemon.with(Streaming.runtime, name: name, broker: broker) { _ in
                    first.program.killGroup()
                    let result = try await program.result()
                    #expect(result.status == .exited(2))
                    #expect(result.errors.contains("started again in the middle of its answer"))
                }
            }
        }
    }
}

/// What `Scripts/pika_stream.py` prints.
private struct PikaStream: Decodable {
    let chunkCount: Int
    let byteCount: Int
    /// The numbers were 0, 1, 2 and so on.
    let sequences: Bool
    let isWhole: Bool
    let attempt: Int?
    let contentType: String?
    let status: Int
    let functionError: String?
    let errorType: String?
    let requestId: String?
    let isStream: Bool
    let body: String

    static func of(_ daemon: Daemon, _ event: String, credit: Int, renews: Bool) async throws -> PikaStream {
        let script = try await Program.run(
            ProgramEnvironment.python(),
            [
                Daemon.scripts + "/pika_stream.py", try ProgramEnvironment.brokerURI(), daemon.name, event,
                String(credit),
            ] + (renews ? ["renew"] : []))
        guard script.status == .exited(0) else { throw Program.Failure("pika: \(script.errors)") }
        return try JSONDecoder().decode(PikaStream.self, from: Data(script.output.utf8))
    }
}
