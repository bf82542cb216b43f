import Foundation
import TestSupport

/// A call that botocore signs: what `Scripts/signed_calls.py` takes.
struct SignedCall: Encodable {
    var FunctionName: String
    var key = "AKIDTEST"
    var secret = Self.secret
    var Payload = #"{"key": "value"}"#
    var Qualifier: String?
    var InvocationType: String?
    var token: String?
    var region: String?
    var skew: Int?
    var tamper: String?
    var query: Bool?
    var unsigned: Bool?
    var stream: Bool?
    var verify: String?

    static let secret = "s3cr3t+of/the=test"

    /// What became of it; `status` 0: there was no answer.
    struct Answer: Decodable, Equatable {
        var status: Int
        var payload: String?
        var error: String?
        var message: String?
    }

    /// Makes calls, one after the other.
    static func make(_ calls: [SignedCall], to endpoint: String) async throws -> [Answer] {
        let script = try await Program.run(
            ProgramEnvironment.python(),
            [
                Daemon.scripts + "/signed_calls.py", endpoint,
                String(decoding: try JSONEncoder().encode(calls), as: UTF8.self),
            ])
        guard script.status == .exited(0) else { throw Program.Failure("signed_calls.py: \(script.errors)") }
        return try JSONDecoder().decode([Answer].self, from: Data(script.output.utf8))
    }

    /// A file of keys: `AKIDTEST` for everything, `AKIDTOKEN` with a session token, `AKIDSOME` for the function alone.
    static func keys(_ function: String, secret: String = Self.secret) -> String {
        """
        [{"accessKeyId": "AKIDTEST", "secretAccessKey": "\(secret)", "functions": ["*"]},
         {"accessKeyId": "AKIDTOKEN", "secretAccessKey": "\(secret)", "sessionToken": "to/ke+n==", "functions": ["*"]},
         {"accessKeyId": "AKIDSOME", "secretAccessKey": "\(secret)", "accountId": "123456789012",
          "userArn": "arn:aws:iam::123456789012:user/eve", "functions": ["\(function)", "other-*"]}]
        """
    }
}
