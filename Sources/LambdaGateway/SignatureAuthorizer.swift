import LambdaHTTP
import LambdaInvokeAPI
import LambdaProtocol
import LambdaSignature
import NIOCore
import NIOHTTP1

/// Asks a loop's requests for their signatures. Each loop has its own, with the keys that it derives.
// @unchecked: every member is used on `eventLoop` only (asserted).
final class SignatureAuthorizer: RequestAuthorizer, @unchecked Sendable {
    private let eventLoop: any EventLoop
    private let region: String?
    private var verifier: SignatureVerifier

    /// - Parameters:
    ///   - keys: The keys that are known.
    ///   - region: The region that signatures have to be for; `nil`: any.
    init(keys: AccessKeys, region: String?, eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        self.region = region
        self.verifier = SignatureVerifier(keys: keys, region: region)
    }

    /// Exchanges the keys; what was derived from the old ones goes with them.
    func replace(keys: AccessKeys) {
        self.eventLoop.assertInEventLoop()
        self.verifier = SignatureVerifier(keys: keys, region: self.region)
    }

    func examine(_ head: HTTPRequest, arrival: EpochClock.Instant) -> Result<any RequestClaim, InvokeError> {
        self.eventLoop.assertInEventLoop()
        let (path, query) = HTTPTarget.split(head.target)
        let request = SignableRequest(
            method: head.method.rawValue, path: String(path), query: query.map(String.init) ?? "",
            headers: head.headers, arrival: arrival)
        return self.verifier.examine(request).map { Claim(unproven: $0, authorizer: self) }.mapError(\.error)
    }

    private func verify(_ unproven: UnprovenSignature, _ body: ByteBuffer) -> Result<RequestCaller, InvokeError> {
        self.eventLoop.assertInEventLoop()
        return self.verifier.verify(unproven, body: body).mapError(\.error)
    }

    private struct Claim: RequestClaim {
        let unproven: UnprovenSignature
        let authorizer: SignatureAuthorizer

        func verify(_ body: ByteBuffer) -> Result<RequestCaller, InvokeError> {
            self.authorizer.verify(self.unproven, body)
        }
    }
}
