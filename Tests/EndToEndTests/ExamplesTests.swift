import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Each example does what its README says: its `run`, with the programs that are built already.
    @Suite struct Examples {
        private func run(_ example: String, _ arguments: [String] = []) async throws -> String {
            let result = try await Program.run(
                ProgramEnvironment.project + "/Examples/\(example)/run", arguments,
                environment: [
                    "AMQP_URI": try ProgramEnvironment.brokerURI(),
                    "EXAMPLES_BIN": try ProgramEnvironment.value("TEST_EXAMPLES_BIN"),
                    "DAEMONS_BIN": try ProgramEnvironment.value("TEST_BIN_DIR"),
                ],
                limit: .seconds(120))
            #expect(result.status == .exited(0), "\(result.errors)")
            return result.output
        }

        @Test func aWebServiceHasAFunctionDoItsWork() async throws {
            let output = try await self.run("web-service")
            #expect(output.contains(#"{"greeting":"Hello, world!"} (200)"#), "\(output)")
            #expect(output.contains("nobody is not a name"), "\(output)")
            #expect(output.contains("(502)"), "\(output)")
        }

        @Test func aServerAnswersRequestsAndSaysWhatIsWrongWithThem() async throws {
            let output = try await self.run("rpc-server")
            #expect(output == "tea: 3\ncoffee: 4\ngold: there is no gold\n")
        }

        @Test func everyMessageOfABatchIsConfirmed() async throws {
            let output = try await self.run("batch-publisher", ["2000"])
            #expect(output.contains("2000 messages confirmed"), "\(output)")
            #expect(output.contains("2000 messages in the queue; now none"), "\(output)")
        }

        @Test func aQueuesJobsAreDoneOnceThoughAWorkerEndsInTheMiddleOfThem() async throws {
            let output = try await self.run("work-queue")
            #expect(output.hasPrefix("6 jobs are safe\n"), "\(output)")
            for name in ["cat", "dog", "bird", "fish", "horse"] {
                let lines = output.split(separator: "\n").filter { $0.contains("job=\(name).jpg") }
                #expect(lines.count == 1 && lines.first?.hasSuffix("] done") == true, "\(output)")
            }
            #expect(output.contains("notes.txt is no picture"), "\(output)")
            #expect(output.hasSuffix("notes.txt: rejected from pictures\n"), "\(output)")
            #expect(output.split(separator: "\n").count { $0.hasSuffix("] ended") } == 2, "\(output)")
        }

        @Test func aStreamIsReadWhileItIsMade() async throws {
            let output = try await self.run("streaming-consumer", ["3"])
            let lines = output.split(separator: "\n")
            #expect(lines.map { $0.split(separator: " ").dropFirst(2).joined(separator: " ") } == ["1", "2", "3", "the end"])
            // The second line is made 0.2 s after the first: whoever reads them together has not read a stream.
            let times = lines.compactMap { $0.split(separator: " ").first.flatMap { Int($0) } }
            #expect(times.count == 4)
            #expect((times.last ?? 0) - (times.first ?? 0) >= 300, "\(output)")
        }
    }
}
