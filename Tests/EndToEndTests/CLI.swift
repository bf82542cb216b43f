import TestSupport

/// The program `lambda-amqp`.
enum CLI {
    /// Runs `lambda-amqp invoke`.
    ///
    /// - Parameters:
    ///   - uri: `--uri`; the broker of all tests when nil.
    ///   - input: A file for standard input.
    static func invoke(
        _ name: String, _ payload: String, uri: String? = nil, options: [String] = [], input: String = "/dev/null"
    ) async throws -> Program.Result {
        try await self.start(name, payload, uri: uri, options: options, input: input).result()
    }

    /// Starts `lambda-amqp invoke` without waiting for it.
    static func start(
        _ name: String, _ payload: String, uri: String? = nil, options: [String] = [], input: String = "/dev/null"
    ) throws -> Program {
        let uri = try uri ?? ProgramEnvironment.brokerURI()
        return try Program(
            ProgramEnvironment.program("lambda-amqp"), ["invoke", name, payload, "--uri", uri] + options, input: input)
    }

    /// Runs `lambda-amqp dead-letters`.
    static func deadLetters(
        _ command: String, _ broker: EventBroker, _ arguments: [String] = []
    ) async throws -> Program.Result {
        try await Program.run(
            ProgramEnvironment.program("lambda-amqp"),
            ["dead-letters", command, broker.name, "--uri", broker.uri] + arguments)
    }
}
