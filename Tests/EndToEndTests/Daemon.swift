import Foundation
import TestSupport

/// A running `lambda-runtime-api-daemon` of one test, with a function name and ports of its own.
struct Daemon {
    /// What the function's runtime is.
    enum Runtime {
        /// A handler of `awslambdaric`, such as `echo.handler`, in a folder.
        case python(handler: String, in: String)
        /// `Scripts/scripted_runtime.py`: does what the event says.
        case scripted
        /// The same with internal extensions, and a note of SIGTERM: `Scripts/extended_runtime.py`.
        case extended
        /// `Scripts/failing_runtime.py`: fails as the event says, and notes what it does.
        case failing
        case command([String], in: String)
    }

    let name: String
    let port: Int
    let program: Program

    static let scripts = ProgramEnvironment.project + "/Tests/EndToEndTests/Scripts"
    static let echoExample = ProgramEnvironment.project + "/Examples/echo"

    /// Runs `body` with a daemon that accepts HTTP (and AMQP, where it has a broker), and kills it afterwards.
    ///
    /// - Parameters:
    ///   - name: The function's name; one that no other test has when nil.
    ///   - broker: `AMQP_URI`; HTTP only when nil.
    ///   - clients: The URI by which Python's clients reach the same broker, where they do not understand `broker`.
    ///   - applicationPort: `PORT`, where it is the function's; the daemon has `INVOKE_API_PORT` then.
    ///   - settings: Further environment variables.
    ///   - stackByteCount: The stack of its threads; the system's default when nil.
    static func with<Value>(
        _ runtime: Runtime, name: String? = nil, broker: String? = nil, clients: String? = nil,
        applicationPort: Int? = nil, settings: [String: String] = [:], stackByteCount: Int? = nil,
        _ body: (Daemon) async throws -> Value
    ) async throws -> Value {
        let daemon = try Daemon(
            runtime, name: name ?? uniqueName(), broker: broker, applicationPort: applicationPort, settings: settings,
            stackByteCount: stackByteCount)
        defer { daemon.program.killGroup() }
        try await daemon.untilReady(over: clients ?? broker)
        return try await body(daemon)
    }

    /// Starts a daemon that may end by itself; the test kills its group.
    static func start(_ runtime: Runtime, name: String, broker: String) throws -> Daemon {
        try Daemon(
            runtime, name: name, broker: broker, applicationPort: nil, settings: [:], stackByteCount: nil)
    }

    /// The environment in which `python3` is the one with the Lambda runtime client.
    static func environment() throws -> [String: String] {
        let folder = URL(fileURLWithPath: try ProgramEnvironment.python()).deletingLastPathComponent().path
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return ["PATH": folder + ":" + path]
    }

    static func uniqueName() -> String { "test-" + UUID().uuidString.lowercased() }

    private init(
        _ runtime: Runtime, name: String, broker: String?, applicationPort: Int?, settings: [String: String],
        stackByteCount: Int?
    ) throws {
        self.name = name
        self.port = ProgramPort.free()
        let (command, folder) = try Self.command(of: runtime)
        var environment = try Self.environment()
        environment["AWS_LAMBDA_FUNCTION_NAME"] = name
        environment[applicationPort == nil ? "PORT" : "INVOKE_API_PORT"] = String(self.port)
        if let applicationPort { environment["PORT"] = String(applicationPort) }
        environment["RUNTIME_API_PORT"] = String(ProgramPort.free())
        environment["AMQP_URI"] = broker
        environment.merge(settings) { $1 }
        let limit = stackByteCount.map { ["prlimit", "--stack=\($0):", "--"] } ?? []
        let words = try limit + [ProgramEnvironment.program("lambda-runtime-api-daemon")] + command
        self.program = try Program(words[0], Array(words.dropFirst()), environment: environment, in: folder)
    }

    /// Waits until the function can be invoked.
    private func untilReady(over broker: String?) async throws {
        try await eventually("the daemon listens on port \(self.port)") {
            guard Program.isRunning(self.program.processID) else {
                throw Program.Failure("the daemon ended. It wrote:\n\(self.program.everything)")
            }
            return ProgramPort.accepts(self.port)
        }
        guard let broker else { return }
        try await eventually("the function answers over AMQP") {
            try await Load.run(self.name, "bytes:1", count: 1, window: 1, uri: broker).replies == 1
        }
    }

    /// Invokes the function over HTTP with curl.
    ///
    /// - Parameter path: The function's name as it stands in the path; the daemon's own when nil.
    func post(
        _ body: String, to path: String? = nil, headers: [String: String] = [:]
    ) async throws -> HTTPAnswer {
        try await HTTPAnswer.of(
            "http://localhost:\(self.port)/2015-03-31/functions/\(path ?? self.name)/invocations", body: body,
            options: headers.flatMap { ["-H", "\($0): \($1)"] })
    }

    /// Waits until so many invocations have begun since the daemon's start, ended ones included, as its log has it.
    func untilStarted(invocations count: Int) async throws {
        try await eventually("\(count) invocations have begun") { self.logged("START RequestId: ") >= count }
    }

    /// Waits until so many invocations are over since the daemon's start, extensions included.
    func untilReported(invocations count: Int) async throws {
        try await eventually("\(count) invocations are over") { self.logged("REPORT RequestId: ") >= count }
    }

    private func logged(_ text: String) -> Int {
        self.program.output.components(separatedBy: text).count - 1
    }

    /// The process that answers now, and the instance it was told to be.
    func who() async throws -> Identity {
        try JSONDecoder().decode(Identity.self, from: Data(try await self.post(#"{"do": "who"}"#).body.utf8))
    }

    /// What the scripted runtime says of itself.
    struct Identity: Decodable {
        let instance: String?
        let pid: Int32
    }

    private static func command(of runtime: Runtime) throws -> (command: [String], folder: String) {
        switch runtime {
        case .python(let handler, let folder): (["python3", "-m", "awslambdaric", handler], folder)
        case .scripted: (["python3", "scripted_runtime.py"], self.scripts)
        case .extended: (["python3", "extended_runtime.py"], self.scripts)
        case .failing: (["python3", "failing_runtime.py"], self.scripts)
        case .command(let command, let folder): (command, folder)
        }
    }
}

/// Repeats a question until its answer is yes.
///
/// - Throws: What the question throws, or a failure that names what was waited for, after `limit`.
func eventually(
    _ what: String, within limit: Duration = .seconds(30), _ question: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !question() {
        guard ContinuousClock.now < deadline else {
            throw Program.Failure("not within \(limit): \(what)")
        }
        try await Task.sleep(for: .milliseconds(20))
    }
}
