import LambdaProtocol
import NIOCore
import Testing

@testable import LambdaSignature

/// The table of contract 13.4, row by row: status, type and message.
@Suite struct SignatureRefusalTests {
    private static let valid = Signed.authorization(
        signature: "d437afedbdeddee5b4d356387560e6ce1b42046f098098bf18a100ca0311a7c5")

    private func expect(
        _ request: SignableRequest, body: ByteBuffer = Signed.body, by verifier: SignatureVerifier = Signed.verifier(),
        _ type: String, _ message: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        guard case .failure(let refusal) = Signed.outcome(request, body: body, by: verifier) else {
            Issue.record("it was accepted", sourceLocation: sourceLocation)
            return
        }
        #expect(refusal.error.kind.status == 403, sourceLocation: sourceLocation)
        #expect(refusal.error.kind.errorType == type, sourceLocation: sourceLocation)
        #expect(refusal.error.message == message, sourceLocation: sourceLocation)
    }

    @Test func noCredentialsAtAll() {
        self.expect(
            Signed.request(authorization: nil), "MissingAuthenticationTokenException", "Missing Authentication Token")
    }

    @Test func partsOfTheAuthorizationAreMissing() {
        let header = "AWS4-HMAC-SHA256 SignedHeaders=host"
        self.expect(
            Signed.request(authorization: header, date: nil), "IncompleteSignatureException",
            "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. "
                + "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
                + "Authorization=\(header)")
    }

    @Test(arguments: ["Bearer abc", "Basic dXNlcjpwYXNz", "AWS4-HMAC-SHA256 Credential"])
    func somethingElseThanPairs(header: String) {
        let part = header.hasPrefix("AWS4") ? "Credential" : header
        // What ends in an equal sign is a pair, with no name that matters.
        self.expect(
            Signed.request(authorization: header), "IncompleteSignatureException",
            "'\(part)' not a valid key=value pair (missing equal-sign) in Authorization header: '\(header)'.")
    }

    @Test func otherAlgorithmsAreRefused() {
        let header = Self.valid.replacing("AWS4-HMAC-SHA256", with: "AWS4-ECDSA-P256-SHA256")
        self.expect(
            Signed.request(authorization: header), "IncompleteSignatureException",
            "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'.")
    }

    @Test func aCredentialWithoutAScope() {
        self.expect(
            Signed.request(authorization: "AWS4-HMAC-SHA256 Credential=x,SignedHeaders=host,Signature=00"),
            "IncompleteSignatureException",
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'x'")
    }

    @Test func anUnknownKey() {
        self.expect(
            Signed.request(authorization: Signed.authorization(id: "AKIDNOBODY", signature: "00")),
            "UnrecognizedClientException", "The security token included in the request is invalid.")
    }

    @Test func aSessionTokenThatIsNotTheKeys() {
        let names = "host;x-amz-date;x-amz-invocation-type;x-amz-security-token"
        let message = "The security token included in the request is invalid."
        let verifier = Signed.verifier(sessionToken: "right")
        for (token, isRight) in [("right", true), ("wrong", false), ("righ", false)] {
            let request = Signed.signed(more: [(name: "X-Amz-Security-Token", value: token)], names: names)
            if isRight {
                #expect(Signed.outcome(request, by: verifier) == .success(Signed.caller))
            } else {
                self.expect(request, by: verifier, "UnrecognizedClientException", message)
            }
            self.expect(request, "UnrecognizedClientException", message)
        }
        self.expect(Signed.vectorRequest, by: verifier, "UnrecognizedClientException", message)
    }

    @Test func anExpiredKey() {
        let before = Signed.now.advanced(byMilliseconds: 1)
        #expect(Signed.outcome(Signed.vectorRequest, by: Signed.verifier(expiration: before)) == .success(Signed.caller))
        self.expect(
            Signed.vectorRequest, by: Signed.verifier(expiration: Signed.now), "ExpiredTokenException",
            "The security token included in the request is expired")
    }

    @Test func aSignatureThatDiffers() throws {
        let message =
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            + "Access Key and signing method. Consult the service documentation for details."
        let type = "InvalidSignatureException"
        self.expect(Signed.vectorRequest, body: ByteBuffer(string: #"{"a":2}"#), type, message)
        for signature in [String(repeating: "0", count: 64), "", "d437", Self.valid.suffix(64).uppercased()] {
            self.expect(
                Signed.request(authorization: Signed.authorization(signature: signature)), type, message)
        }
        self.expect(Signed.request(authorization: Self.valid, query: "Qualifier=1"), type, message)
        // 192 bytes on AWS.
        #expect(SignatureRefusal.mismatch.error.body.readableBytes == 192)
    }

    @Test func tooOldAndInTheFuture() {
        for milliseconds in [300_000, 300_999, -300_000] as [Int64] {
            let arrival = Signed.now.advanced(byMilliseconds: milliseconds)
            let request = Signed.request(authorization: Self.valid, arrival: arrival)
            #expect(Signed.outcome(request) == .success(Signed.caller))
        }
        self.expect(
            Signed.request(authorization: Self.valid, arrival: Signed.now.advanced(byMilliseconds: 301_000)),
            "InvalidSignatureException",
            "Signature expired: 20260102T030405Z is now earlier than 20260102T030406Z (20260102T030906Z - 5 min.)")
        self.expect(
            Signed.request(authorization: Self.valid, arrival: Signed.now.advanced(byMilliseconds: -301_000)),
            "InvalidSignatureException",
            "Signature not yet current: 20260102T030405Z is still later than 20260102T030404Z (20260102T025904Z + 5 min.)")
    }

    @Test func aScopeOfAnotherDay() {
        let scope = "20260103/us-east-1/lambda/aws4_request"
        self.expect(
            Signed.request(authorization: Signed.authorization(scope: scope, signature: "00")),
            "InvalidSignatureException",
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                + "'20260103' != '20260102', from '20260102T030405Z'.")
    }

    @Test(arguments: [
        ("us-west-2/lambda/aws4_request", "Credential should be scoped to a valid region."),
        ("us-east-1/s3/aws4_request", "Credential should be scoped to correct service: 'lambda'."),
        ("us-east-1/lambda/aws3", "Credential should be scoped with a valid terminator: 'aws4_request'."),
    ])
    func aScopeForSomethingElse(scope: String, message: String) {
        self.expect(
            Signed.request(authorization: Signed.authorization(scope: "20260102/" + scope, signature: "00")),
            by: Signed.verifier(region: "us-east-1"), "InvalidSignatureException", message)
    }

    @Test func anyRegionWillDoWhereNoneIsAskedFor() {
        let plain = Signed.request(authorization: nil)
        let names = ["host", "x-amz-date", "x-amz-invocation-type"]
        let signature = Signed.signature(of: plain, names: names, region: "eu-central-1")
        let request = Signed.request(
            authorization: Signed.authorization(scope: "20260102/eu-central-1/lambda/aws4_request", signature: signature))
        #expect(Signed.outcome(request) == .success(Signed.caller))
        self.expect(
            request, by: Signed.verifier(region: "us-east-1"), "InvalidSignatureException",
            "Credential should be scoped to a valid region.")
        self.expect(
            Signed.request(
                authorization: Signed.authorization(scope: "20260102//lambda/aws4_request", signature: "00")),
            "InvalidSignatureException", "Credential should be scoped to a valid region.")
    }

    @Test func whatIsNotSignedIsNotTheCallers() {
        self.expect(
            Signed.request(authorization: Signed.authorization(signedHeaders: "x-amz-date", signature: "00")),
            "InvalidSignatureException", "'Host' must be a 'SignedHeader' in the AWS Authorization.")
        self.expect(
            Signed.request(authorization: Self.valid, more: [(name: "X-Amz-Client-Context", value: "e30=")]),
            "InvalidSignatureException",
            "There were headers present in the request which were not signed: x-amz-client-context.")
    }

    @Test(arguments: ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", String(repeating: "0", count: 64)])
    func aPayloadThatIsNotSignedIsRefused(hash: String) {
        let names = "host;x-amz-content-sha256;x-amz-date;x-amz-invocation-type"
        let request = Signed.signed(
            more: [(name: "X-Amz-Content-SHA256", value: hash)], names: names, payloadHash: hash)
        #expect(Signed.outcome(request) == .failure(.mismatch))
    }

    @Test func theTrueHashOfThePayloadMayBeThere() {
        let names = "host;x-amz-content-sha256;x-amz-date;x-amz-invocation-type"
        let hash = "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"
        let request = Signed.signed(more: [(name: "X-Amz-Content-SHA256", value: hash)], names: names)
        #expect(Signed.outcome(request) == .success(Signed.caller))
    }

    @Test func aKeyThatIsTakenAwayMeanwhileProvesNothing() throws {
        let unproven = try Signed.vector
        var verifier = SignatureVerifier(keys: AccessKeys([]), region: nil)
        #expect(verifier.verify(unproven, body: Signed.body) == .failure(.unrecognizedClient))
    }

    @Test func whoMayNotIsToldWhoHeIs() {
        let function = ResolvedFunction(
            name: "other", qualifier: nil, invokedFunctionARN: "arn:aws:lambda:us-east-1:123456789012:function:other")
        let error = Signed.caller.refusal(of: function)
        #expect(error?.kind.status == 403)
        #expect(error?.kind.errorType == "AccessDeniedException")
        #expect(
            error?.message
                == "User: arn:aws:iam::123456789012:user/tester is not authorized to perform: lambda:InvokeFunction on "
                + "resource: arn:aws:lambda:us-east-1:123456789012:function:other because no identity-based policy "
                + "allows the lambda:InvokeFunction action")
        let hello = ResolvedFunction(name: "hello", qualifier: "prod", invokedFunctionARN: "-")
        #expect(Signed.caller.refusal(of: hello) == nil)
    }
}
