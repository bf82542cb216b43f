import AMQP
import ArgumentParser
import Glibc
import LambdaAMQP
import LambdaMessages
import NIOCore

/// `lambda-amqp dead-letters`: the events of a function that have failed for good.
struct DeadLettersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters", abstract: "Looks at the events that have failed for good, and runs them again.",
        subcommands: [List.self, Show.self, Replay.self, Purge.self])

    /// Whose dead letters.
    struct Target: ParsableArguments {
        @Argument(help: "The function's name.")
        var function: String

        @Option(help: "A version or an alias.")
        var qualifier: String?

        @OptionGroup
        var broker: BrokerOptions

        /// Does something with the dead letters; ends the program with 2 where that fails.
        func with<Value>(_ body: (DeadLetterQueue) async throws -> Value) async throws -> Value {
            let connection = try await self.broker.connect()
            do {
                let value = try await body(
                    DeadLetterQueue(connection: connection, function: self.function, qualifier: self.qualifier))
                await connection.close()
                return value
            } catch {
                await connection.close()
                if error is ExitCode { throw error }
                Output.standardError("lambda-amqp: \(error)")
                throw ExitCode(2)
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints a line for each: request id, time of acceptance, attempts, condition, error.")

        @OptionGroup
        var target: Target

        func run() async throws {
            try await self.target.with { queue in
                try await queue.forEach { Output.line(ByteBuffer(string: $0.line), to: STDOUT_FILENO) }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints one: its record, with the event and the function's error.")

        @OptionGroup
        var target: Target

        @Argument(help: "The request id, as list prints it.")
        var requestID: String

        @Flag(help: "Print the event alone.")
        var event = false

        func run() async throws {
            let found = try await self.target.with { try await $0.letter(self.requestID) }
            guard let found else {
                Output.standardError("lambda-amqp: there is no dead letter \(self.requestID)")
                throw ExitCode(1)
            }
            Output.line(self.event ? found.event : found.body, to: STDOUT_FILENO)
        }
    }

    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Has events run again, with all their attempts: those named, or all.")

        @OptionGroup
        var target: Target

        @Argument(help: "Request ids, as list prints them.")
        var requestIDs: [String] = []

        @Flag(help: "Every one.")
        var all = false

        func validate() throws {
            guard self.all == self.requestIDs.isEmpty else {
                throw ValidationError("either request ids or --all")
            }
        }

        func run() async throws {
            let wanted = self.all ? nil : Set(self.requestIDs)
            let count = try await self.target.with { try await $0.replay(wanted) }
            Output.line(ByteBuffer(string: "\(count) replayed"), to: STDOUT_FILENO)
            if count < wanted?.count ?? 0 { throw ExitCode(1) }
        }
    }

    struct Purge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Deletes all of them.")

        @OptionGroup
        var target: Target

        func run() async throws {
            let count = try await self.target.with { try await $0.purge() }
            Output.line(ByteBuffer(string: "\(count) deleted"), to: STDOUT_FILENO)
        }
    }
}

extension DeadLetter {
    /// One line, whatever the function wrote into its error.
    fileprivate var line: String {
        let error = self.error.map { String($0.map { $0.isNewline || $0 == "\t" ? " " : $0 }) }
        return [
            self.requestID, self.acceptedAt ?? "-", "\(self.attempts)", self.condition ?? "-", error ?? "-",
        ].joined(separator: "\t")
    }
}
