import Foundation
import TestSupport

/// A call that `Scripts/boto3_calls.py` makes: boto3's arguments of `invoke` under their own names.
struct BotoCall: Encodable {
    /// The daemon's function when nil.
    var FunctionName: String?
    var Payload: String?
    /// A JSON string of so many bytes as the payload.
    var PayloadByteCount: Int?
    var Qualifier: String?
    var InvocationType: String?
    var LogType: String?
    var ClientContext: String?
    /// A client context of so many bytes of base64.
    var ContextByteCount: Int?
    var TenantId: String?
    /// Another operation than `invoke`.
    var operation: String?

    /// What boto3 got.
    struct Answer: Decodable {
        let statusCode: Int
        let functionError: String?
        let executedVersion: String?
        let requestId: String?
        /// Nil where it is long, too.
        let payload: String?
        let payloadByteCount: Int?
        let logTail: String?
        let errorCode: String?
        /// The class of the exception: `ClientError` where boto3 has none of its own.
        let errorClass: String?
        let message: String?
        let reason: String?
        let type: String?
        /// By their lower-case names.
        let headers: [String: String]
        let seconds: Double
        /// Seconds since 1970.
        let answeredAt: Double
    }

    /// Makes calls, one after the other.
    ///
    /// - Parameter attempts: How often boto3 may send a call; as often as it likes when nil, so that a repetition shows.
    static func make(_ calls: [BotoCall], to daemon: Daemon, attempts: Int? = nil) async throws -> [Answer] {
        try await self.make(
            calls, at: "http://localhost:\(daemon.port)", function: daemon.name, attempts: attempts)
    }

    /// The same at any endpoint.
    ///
    /// - Parameter function: For calls that name none.
    static func make(
        _ calls: [BotoCall], at endpoint: String, function: String, attempts: Int? = nil
    ) async throws -> [Answer] {
        let json = String(decoding: try JSONEncoder().encode(calls), as: UTF8.self)
        let script = try await Program.run(
            ProgramEnvironment.python(),
            [Daemon.scripts + "/boto3_calls.py", endpoint, function, json]
                + (attempts.map { [String($0)] } ?? []))
        guard script.status == .exited(0) else { throw Program.Failure("boto3: \(script.errors)") }
        return try JSONDecoder().decode([Answer].self, from: Data(script.output.utf8))
    }
}
