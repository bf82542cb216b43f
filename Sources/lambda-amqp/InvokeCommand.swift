import AMQP
import AMQPRPC
import ArgumentParser
import Glibc
import LambdaAMQP
import NIOCore

/// `lambda-amqp invoke`: one invocation; the reply goes to standard output.
struct InvokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invoke", abstract: "Invokes a function and prints its answer.",
        discussion: """
            Exit codes: 0 the function answered; 1 the function failed, its error goes to standard error; \
            2 the invocation failed on its way; 78 a setting is wrong.
            """)

    @Argument(help: "The function's name.")
    var function: String

    @Argument(help: "The event: JSON, @FILE, or - for standard input.")
    var payload: String = "{}"

    @Option(help: "Seconds to wait for the answer.")
    var timeout: Double = 60

    @OptionGroup
    var broker: BrokerOptions

    @Option(help: "A version or an alias.")
    var qualifier: String?

    @Flag(help: "Print the answer while the function makes it.")
    var stream = false

    @Flag(help: "Do not wait for the answer: end when the broker keeps the event safely, and print its request id.")
    var event = false

    @Flag(help: "Print the last 4096 bytes of the invocation's log to standard error.")
    var logTail = false

    func validate() throws {
        guard self.timeout > 0, self.timeout <= 86_400 else {
            throw ValidationError("--timeout: '\(self.timeout)' is not between 0 and 86400 seconds")
        }
        guard !self.event || !(self.stream || self.logTail) else {
            throw ValidationError("--event: there is no answer, and so no --stream and no --log-tail")
        }
    }

    func run() async throws {
        let event = try self.readEvent()
        let connection = try await self.broker.connect()
        let options = InvocationOptions(
            timeout: .seconds(self.timeout), retryPolicy: .once, qualifier: self.qualifier, wantsLogTail: self.logTail)
        let outcome = await Self.outcome {
            // A burst of chunks waits in a queue; one answer needs none.
            let configuration = LambdaClientConfiguration(replyQueue: self.stream ? .exclusive : .direct)
            let client = try await LambdaClient(connection: connection, configuration: configuration)
            if self.event { return try await self.accept(client, event, options) }
            return self.stream
                ? try await self.printStream(client, event, options)
                : try await client.invoke(self.function, payload: event, options: options)
        }
        await connection.close()
        try self.print(outcome)
    }

    /// The event's request id takes the place of an answer.
    private func accept(
        _ client: LambdaClient, _ event: ByteBuffer, _ options: InvocationOptions
    ) async throws -> InvocationResult? {
        Output.line(
            ByteBuffer(string: try await client.invokeEvent(self.function, payload: event, options: options)),
            to: STDOUT_FILENO)
        return nil
    }

    /// Prints what comes, and returns the outcome.
    private func printStream(
        _ client: LambdaClient, _ event: ByteBuffer, _ options: InvocationOptions
    ) async throws -> InvocationResult {
        let stream = try await client.invokeWithResponseStream(self.function, payload: event, options: options)
        for try await event in stream {
            switch event {
            case .chunk(let bytes): Output.write(bytes, to: STDOUT_FILENO)
            case .complete(let result): return result
            }
        }
        throw ExitCode(2)
    }

    private static func outcome(
        _ body: () async throws -> InvocationResult?
    ) async -> Result<InvocationResult?, any Error> {
        do {
            return .success(try await body())
        } catch {
            return .failure(error)
        }
    }

    private func readEvent() throws -> ByteBuffer {
        if self.payload == "-" { return ByteBuffer(bytes: Input.readAll(STDIN_FILENO)) }
        guard self.payload.hasPrefix("@") else { return ByteBuffer(string: self.payload) }
        let path = String(self.payload.dropFirst())
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else {
            Output.standardError("lambda-amqp: the file \(path) cannot be read: \(String(cString: strerror(errno)))")
            throw ExitCode(78)
        }
        defer { close(descriptor) }
        return ByteBuffer(bytes: Input.readAll(descriptor))
    }

    private func print(_ outcome: Result<InvocationResult?, any Error>) throws {
        switch outcome {
        case .failure(let error):
            Output.standardError("lambda-amqp: \(error)")
            throw ExitCode(2)
        case .success(nil): break
        case .success(let result?):
            if let tail = result.logTail { Output.write(tail, to: STDERR_FILENO) }
            if result.functionError == nil {
                // A stream is printed already, and its bytes are all that there is.
                return self.stream ? () : Output.line(result.payload, to: STDOUT_FILENO)
            }
            Output.line(result.payload, to: STDERR_FILENO)
            throw ExitCode(1)
        }
    }
}
