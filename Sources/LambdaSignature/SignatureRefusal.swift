package import LambdaProtocol

/// Why a request's signature is not accepted (contract 13.4).
package enum SignatureRefusal: Error, Sendable, Equatable {
    /// There is none.
    case missing
    /// It cannot be read: with the message that says why.
    case incomplete(String)
    /// Nobody knows the key, or the session token is not the key's.
    case unrecognizedClient
    /// The key is no good any more.
    case expiredToken
    /// It can be read, and is not this request's, or not for this service: with the message that says why.
    case invalid(String)

    /// It was made with another secret, or of another request.
    package static let mismatch = SignatureRefusal.invalid(
        "The request signature we calculated does not match the signature you provided. "
            + "Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")

    /// As the caller is told it.
    package var error: InvokeError {
        switch self {
        case .missing: Self.error("MissingAuthenticationTokenException", "Missing Authentication Token")
        case .incomplete(let message): Self.error("IncompleteSignatureException", message)
        case .unrecognizedClient:
            Self.error("UnrecognizedClientException", "The security token included in the request is invalid.")
        case .expiredToken: Self.error("ExpiredTokenException", "The security token included in the request is expired")
        case .invalid(let message): Self.error("InvalidSignatureException", message)
        }
    }

    private static func error(_ type: String, _ message: String) -> InvokeError {
        InvokeError(.init(errorType: type, status: 403, faultType: nil), message)
    }
}
