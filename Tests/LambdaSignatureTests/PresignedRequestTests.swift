import LambdaProtocol
import NIOCore
import Testing

@testable import LambdaSignature

/// Requests that have their signature in the query (contract 13.2).
@Suite struct PresignedRequestTests {
    private static let query =
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20260102%2Fus-east-1%2Flambda%2Faws4_request"
        + "&X-Amz-Date=20260102T030405Z&X-Amz-Expires=600&X-Amz-SignedHeaders=host"

    private func request(_ query: String, secondsLater: Int64 = 0) -> SignableRequest {
        SignableRequest(
            method: "GET", path: "/", query: query, headers: [(name: "host", value: "f.example")],
            arrival: Signed.now.advanced(byMilliseconds: secondsLater * 1000))
    }

    private func signed(_ query: String, secondsLater: Int64 = 0) -> SignableRequest {
        let signature = Signed.signature(of: self.request(query), body: ByteBuffer(), names: ["host"])
        return self.request(query + "&X-Amz-Signature=" + signature, secondsLater: secondsLater)
    }

    private func outcome(
        _ request: SignableRequest, by verifier: SignatureVerifier = Signed.verifier()
    ) -> Result<RequestCaller, SignatureRefusal> {
        Signed.outcome(request, body: ByteBuffer(), by: verifier)
    }

    @Test func isGoodUntilItExpires() {
        #expect(self.outcome(self.signed(Self.query)) == .success(Signed.caller))
        #expect(self.outcome(self.signed(Self.query, secondsLater: 600)) == .success(Signed.caller))
        #expect(
            self.outcome(self.signed(Self.query, secondsLater: 601))
                == .failure(
                    .invalid(
                        "Signature expired: 20260102T030405Z is now earlier than 20260102T030406Z "
                            + "(20260102T031406Z - 600 sec.)")))
    }

    @Test func everyParameterIsPartOfIt() {
        #expect(self.outcome(self.signed(Self.query + "&a=b%20c&a=")) == .success(Signed.caller))
        let signed = self.signed(Self.query)
        #expect(self.outcome(self.request(signed.query + "&a=1")) == .failure(.mismatch))
        #expect(
            self.outcome(self.request(signed.query.replacing("X-Amz-Expires=600", with: "X-Amz-Expires=6000")))
                == .failure(.mismatch))
    }

    @Test(arguments: ["0", "604801", "soon", "-1", ""])
    func aTimeThatIsNoneIsRefused(expires: String) {
        let query = Self.query.replacing("X-Amz-Expires=600", with: "X-Amz-Expires=\(expires)")
        #expect(
            self.outcome(self.signed(query))
                == .failure(
                    .incomplete("'X-Amz-Expires' must be a number of seconds from 1 to 604800. Got '\(expires)'.")))
    }

    @Test func partsAreMissing() {
        #expect(
            self.outcome(self.request("X-Amz-Signature=00&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-SignedHeaders=host"))
                == .failure(
                    .incomplete(
                        "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must "
                            + "include 'X-Amz-Date'. AWS query-string parameters must include 'X-Amz-Expires'. "
                            + "Re-examine the query-string parameters.")))
        #expect(self.outcome(self.request("X-Amz-Date=1&a=b")) == .failure(.missing))
    }

    @Test func theSessionTokenStandsInTheQuery() {
        let verifier = Signed.verifier(sessionToken: "a/b+c=")
        let query = Self.query + "&X-Amz-Security-Token=a%2Fb%2Bc%3D"
        #expect(self.outcome(self.signed(query), by: verifier) == .success(Signed.caller))
        #expect(self.outcome(self.signed(Self.query), by: verifier) == .failure(.unrecognizedClient))
    }

    @Test func aBodyIsCoveredToo() {
        let signed = self.signed(Self.query)
        #expect(Signed.outcome(signed, body: ByteBuffer(string: "x")) == .failure(.mismatch))
    }
}
