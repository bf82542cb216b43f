package import LambdaHTTP
package import LambdaProtocol
package import NIOCore

/// Finds out who makes a request, from its signature (contract 13).
///
/// In two steps, since a signature covers the body: ``examine(_:arrival:)`` looks at the head alone, so that nobody's
/// body is waited for whose key is unknown; ``RequestClaim/verify(_:)`` is the proof.
package protocol RequestAuthorizer: AnyObject, Sendable {
    /// Judges what a request's head says of its caller. Call it on the exchange's event loop.
    ///
    /// - Parameters:
    ///   - head: The request.
    ///   - arrival: When the head came: a large body takes its time, and must not make a signature too old.
    /// - Returns: What is to be proved, or the error to answer with (13.4).
    func examine(_ head: HTTPRequest, arrival: EpochClock.Instant) -> Result<any RequestClaim, InvokeError>
}

/// What a request's head says of its caller: proved once the body is there.
package protocol RequestClaim {
    /// Proves it. Call it on the exchange's event loop.
    ///
    /// - Parameter body: The whole body; an empty one where there is none.
    /// - Returns: The caller, or the error to answer with. Whether the caller may invoke a function is to be asked next:
    ///   ``LambdaProtocol/RequestCaller/refusal(of:)``.
    func verify(_ body: ByteBuffer) -> Result<RequestCaller, InvokeError>
}
