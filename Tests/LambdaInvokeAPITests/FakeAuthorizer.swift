import LambdaHTTP
import LambdaInvokeAPI
import LambdaProtocol
import NIOCore

/// A request is signed with its own body; whoever signs may invoke `hello`.
final class FakeAuthorizer: RequestAuthorizer {
    func examine(_ head: HTTPRequest, arrival: EpochClock.Instant) -> Result<any RequestClaim, InvokeError> {
        guard let signature = head.headers.first(name: "authorization") else {
            return .failure(Self.error("MissingAuthenticationTokenException", "missing"))
        }
        return .success(Claim(signature: signature))
    }

    private struct Claim: RequestClaim {
        let signature: String

        func verify(_ body: ByteBuffer) -> Result<RequestCaller, InvokeError> {
            guard String(buffer: body) == self.signature else {
                return .failure(FakeAuthorizer.error("InvalidSignatureException", "wrong"))
            }
            let functions = [FunctionPattern("hello")].compactMap { $0 }
            return .success(
                RequestCaller(accessKeyID: "AKID", accountID: "123456789012", userARN: "arn:eve", functions: functions))
        }
    }

    private static func error(_ type: String, _ message: String) -> InvokeError {
        InvokeError(.init(errorType: type, status: 403, faultType: nil), message)
    }
}
