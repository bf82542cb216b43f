import LambdaHTTP
import LambdaProtocol
import NIOCore

/// What a signed request has to prove before a function is run for it.
struct RequestProof {
    let claim: any RequestClaim
    let function: ResolvedFunction

    /// Why the function is not run for this caller; `nil` where it may be.
    func refusal(_ body: ByteBuffer) -> InvokeError? {
        switch self.claim.verify(body) {
        case .failure(let error): error
        case .success(let caller): caller.refusal(of: self.function)
        }
    }
}

extension InvokeAPI {
    /// Tells what is wrong with a request: only to callers who have proved who they are, where that is asked for.
    func refuse(
        _ exchange: HTTPExchange, _ error: InvokeError, _ requestID: String, _ claim: (any RequestClaim)?
    ) {
        guard let claim else { return exchange.answer(error, requestID: requestID) }
        exchange.collectBody(upTo: self.configuration.limits.requestByteCount) { result in
            var refusal = error
            if case .failure(let error) = result.mapError(InvokeError.init).flatMap({
                claim.verify($0.bytes)
            }) {
                refusal = error
            }
            exchange.answer(refusal, requestID: requestID)
        }
    }
}

extension InvokeError {
    /// Why a body was not had, other than for its size.
    init(_ error: HTTPBodyError) {
        switch error {
        case .noRoom:
            self.init(
                .serviceUnavailable, "The bodies of other requests take up all the memory for them.",
                retryAfterSeconds: 1)
        case .tooLarge, .truncated, .timedOut, .malformed:
            self.init(.invalidRequestContent, "The request body is not complete.")
        }
    }
}
