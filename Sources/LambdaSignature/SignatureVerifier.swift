import Crypto
package import LambdaProtocol
package import NIOCore

/// Verifies the signatures of requests, AWS's version 4 (contract 13).
///
/// Pure but for the keys that it derives and remembers. In two steps, as ``UnprovenSignature`` says.
package struct SignatureVerifier: Sendable {
    private let keys: AccessKeys
    private let region: String?
    private var signingKeys = SigningKeys()

    /// - Parameters:
    ///   - keys: The keys that are known.
    ///   - region: The region that a signature must be for; `nil`: any.
    package init(keys: AccessKeys, region: String?) {
        self.keys = keys
        self.region = region
    }

    /// Judges what the head says: everything but the signature itself.
    ///
    /// The request's form first, then what it is for, then its time, then its key: what anybody may know before what
    /// only the owner of a key does.
    package func examine(_ request: SignableRequest) -> Result<UnprovenSignature, SignatureRefusal> {
        do throws(SignatureRefusal) {
            let signature = try RequestSignature.find(in: request)
            let now = SignatureDate(request.arrival)
            let refusal =
                signature.scope.refusal(region: self.region, date: signature.date)
                ?? signature.refusalOfDate(at: now) ?? signature.refusalOfCoverage(of: request)
            if let refusal { throw refusal }
            _ = try self.key(of: signature, at: request.arrival)
            return .success(UnprovenSignature(request: request, signature: signature))
        } catch {
            return .failure(error)
        }
    }

    /// Proves a signature.
    ///
    /// - Parameters:
    ///   - unproven: What ``examine(_:)`` returned.
    ///   - body: The whole body.
    /// - Returns: Whose it is.
    package mutating func verify(
        _ unproven: UnprovenSignature, body: ByteBuffer
    ) -> Result<RequestCaller, SignatureRefusal> {
        do throws(SignatureRefusal) {
            let signature = unproven.signature
            // Asked again: the keys may have been exchanged while the body came.
            let key = try self.key(of: signature, at: unproven.request.arrival)
            let id = signature.accessKeyID
            let signingKey = self.signingKeys.key(id, secret: key.secret, scope: signature.scope)
            guard let code = Self.bytes(ofHex: signature.signature),
                let text = Self.stringToSign(unproven.request, signature, body),
                HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: Array(text.utf8), using: signingKey)
            else { throw .mismatch }
            self.signingKeys.remember(signingKey, id, scope: signature.scope)
            return .success(key.caller)
        } catch {
            return .failure(error)
        }
    }

    private func key(
        of signature: RequestSignature, at arrival: EpochClock.Instant
    ) throws(SignatureRefusal) -> AccessKey {
        guard let key = self.keys[signature.accessKeyID], key.accepts(token: signature.sessionToken) else {
            throw .unrecognizedClient
        }
        if let expiration = key.expiration, expiration <= arrival { throw .expiredToken }
        return key
    }

    /// - Returns: `nil` where the client says another hash of the body than it has. `UNSIGNED-PAYLOAD` and the like are
    ///   no hashes: Lambda takes no unsigned payloads.
    private static func stringToSign(
        _ request: SignableRequest, _ signature: RequestSignature, _ body: ByteBuffer
    ) -> String? {
        let payloadHash = body.withUnsafeReadableBytes { bytes in
            var hash = SHA256()
            hash.update(bufferPointer: bytes)
            return HexDigits.text(hash.finalize())
        }
        if let announced = request.header("x-amz-content-sha256"), announced != payloadHash { return nil }
        let canonical = CanonicalRequest.text(
            of: request, signedHeaders: signature.signedHeaders, payloadHash: payloadHash)
        return [
            RequestSignature.algorithm, signature.date.text, signature.scope.text,
            HexDigits.text(SHA256.hash(data: Array(canonical.utf8))),
        ].joined(separator: "\n")
    }

    /// 64 lower-case digits.
    private static func bytes(ofHex text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = HexDigits.value(of: digits[index]), let low = HexDigits.value(of: digits[index + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return HexDigits.text(bytes) == text ? bytes : nil
    }
}

/// A signature whose head is in order: its proof is the body.
package struct UnprovenSignature: Sendable {
    let request: SignableRequest
    let signature: RequestSignature
}
