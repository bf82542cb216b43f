import Crypto
import LambdaProtocol
import NIOCore

@testable import LambdaSignature

/// Requests that are signed here, with the key of contract 13.3.
enum Signed {
    static let id = "AKIDEXAMPLE"
    static let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    static let date = "20260102T030405Z"
    /// The moment of ``date``.
    static let now = EpochClock.Instant(millisecondsSinceEpoch: 1_767_323_045_000)
    static let body = ByteBuffer(string: #"{"a":1}"#)

    static let caller = RequestCaller(
        accessKeyID: id, accountID: "123456789012", userARN: "arn:aws:iam::123456789012:user/tester",
        functions: [FunctionPattern("hello*")].compactMap { $0 })

    static func verifier(
        region: String? = nil, sessionToken: String? = nil, expiration: EpochClock.Instant? = nil
    ) -> SignatureVerifier {
        let key = AccessKey(caller: caller, secret: secret, sessionToken: sessionToken, expiration: expiration)
        return SignatureVerifier(keys: AccessKeys([key]), region: region)
    }

    static var vectorRequest: SignableRequest {
        self.request(
            authorization: self.authorization(
                signature: "d437afedbdeddee5b4d356387560e6ce1b42046f098098bf18a100ca0311a7c5"))
    }

    static var vector: UnprovenSignature {
        get throws(SignatureRefusal) { try self.verifier().examine(self.vectorRequest).get() }
    }

    static func authorization(
        id: String = Signed.id, scope: String = "20260102/us-east-1/lambda/aws4_request",
        signedHeaders: String = "host;x-amz-date;x-amz-invocation-type", signature: String
    ) -> String {
        "AWS4-HMAC-SHA256 Credential=\(id)/\(scope), SignedHeaders=\(signedHeaders), Signature=\(signature)"
    }

    /// The request of the vector; `nil` leaves a field out.
    static func request(
        authorization: String?, date: String? = Signed.date, query: String = "Qualifier=%24LATEST",
        more: [(name: String, value: String)] = [], arrival: EpochClock.Instant = Signed.now
    ) -> SignableRequest {
        var headers = [(name: "Host", value: "127.0.0.1:8080"), (name: "X-Amz-Invocation-Type", value: "RequestResponse")]
        if let date { headers.append((name: "X-Amz-Date", value: date)) }
        if let authorization { headers.append((name: "Authorization", value: authorization)) }
        return SignableRequest(
            method: "POST", path: "/2015-03-31/functions/hello%3Aprod/invocations", query: query,
            headers: headers + more, arrival: arrival)
    }

    /// Signs a request as a client does: with its own arithmetic, and the canonical form that the vector has proved.
    static func signature(
        of request: SignableRequest, body: ByteBuffer = Signed.body, names: [String],
        date: String = Signed.date, region: String = "us-east-1", payloadHash: String? = nil
    ) -> String {
        let hash = payloadHash ?? HexDigits.text(SHA256.hash(data: Array(body.readableBytesView)))
        let canonical = CanonicalRequest.text(of: request, signedHeaders: names, payloadHash: hash)
        let scope = SignatureScope(
            day: String(date.prefix(8)), region: region, service: "lambda", terminator: "aws4_request")
        let text = [
            "AWS4-HMAC-SHA256", date, scope.text, HexDigits.text(SHA256.hash(data: Array(canonical.utf8))),
        ].joined(separator: "\n")
        let key = SigningKeys.derive(secret: self.secret, scope: scope)
        return HexDigits.text(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key))
    }

    /// Signs the vector's request with further fields.
    static func signed(
        more: [(name: String, value: String)], names: String, payloadHash: String? = nil
    ) -> SignableRequest {
        let plain = self.request(authorization: nil, more: more)
        let signature = self.signature(
            of: plain, names: names.split(separator: ";").map(String.init), payloadHash: payloadHash)
        return self.request(authorization: self.authorization(signedHeaders: names, signature: signature), more: more)
    }

    /// What becomes of a request.
    static func outcome(
        _ request: SignableRequest, body: ByteBuffer = Signed.body, by verifier: SignatureVerifier = Signed.verifier()
    ) -> Result<RequestCaller, SignatureRefusal> {
        var verifier = verifier
        return verifier.examine(request).flatMap { verifier.verify($0, body: body) }
    }
}
