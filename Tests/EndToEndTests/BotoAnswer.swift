import Foundation
import TestSupport

/// What `Scripts/boto3_invoke.py` prints.
struct BotoAnswer: Decodable {
    let statusCode: Int
    let functionError: String?
    let executedVersion: String?
    let requestId: String?
    let payload: String?
    let errorCode: String?
    /// Decoded.
    let logTail: String?

    /// Invokes a daemon's function; `logType` is `Tail` or `None`.
    static func of(_ daemon: Daemon, event: String, logType: String = "None") async throws -> BotoAnswer {
        let script = try await Program.run(
            ProgramEnvironment.python(),
            [Daemon.scripts + "/boto3_invoke.py", "http://localhost:\(daemon.port)", daemon.name, event, logType])
        guard script.status == .exited(0) else { throw Program.Failure("boto3: \(script.errors)") }
        return try JSONDecoder().decode(BotoAnswer.self, from: Data(script.output.utf8))
    }
}
