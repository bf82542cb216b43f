import Foundation
import TestSupport

/// What `Scripts/rpc_load.py` counted: requests sent over AMQP, every reply checked.
struct Load: Decodable, Equatable {
    let sent: Int
    let replies: Int
    /// Replies whose body was not what their request should get.
    let wrong: Int
    /// Replies to nobody: unknown correlation ids, or a second reply to one.
    let unexpected: Int
    /// Replies by the instance that a scripted runtime said it was.
    let instances: [String: Int]
    /// Replies that carried an error, by its type.
    let outcomes: [String: Int]

    /// - Parameters:
    ///   - event: `bytes:N`, `empty` or JSON, as the script's head says.
    ///   - window: Requests outstanding at any time.
    static func run(_ queue: String, _ event: String, count: Int, window: Int, uri: String? = nil) async throws -> Load {
        try await self.summary(of: self.start(queue, event, count: count, window: window, uri: uri))
    }

    static func start(
        _ queue: String, _ event: String, count: Int, window: Int, uri: String? = nil
    ) throws -> Program {
        let uri = try uri ?? ProgramEnvironment.brokerURI()
        return try Program(
            ProgramEnvironment.python(),
            [Daemon.scripts + "/rpc_load.py", uri, queue, String(count), String(window), event])
    }

    static func summary(of program: Program) async throws -> Load {
        let result = try await program.result(within: .seconds(90))
        guard result.status == .exited(0) else {
            throw Program.Failure("rpc_load.py: \(result.status) \(result.errors)")
        }
        return try JSONDecoder().decode(Load.self, from: Data(result.output.utf8))
    }
}
