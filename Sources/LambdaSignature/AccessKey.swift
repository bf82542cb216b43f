package import LambdaProtocol

/// A key that requests are signed with, and whom it stands for. Its description has no secret in it.
package struct AccessKey: Sendable, CustomStringConvertible {
    /// Whom it stands for, and what he may invoke.
    package let caller: RequestCaller
    /// The secret of the signatures.
    let secret: String
    /// The token that has to come with the signatures of temporary credentials.
    let sessionToken: String?
    /// The moment from which on the key is no good any more.
    let expiration: EpochClock.Instant?

    /// - Parameters:
    ///   - caller: Whom it stands for.
    ///   - secret: The secret of the signatures.
    ///   - sessionToken: The token that comes with them; `nil` where none may come.
    ///   - expiration: When it ends; `nil`: never.
    package init(
        caller: RequestCaller, secret: String, sessionToken: String? = nil, expiration: EpochClock.Instant? = nil
    ) {
        self.caller = caller
        self.secret = secret
        self.sessionToken = sessionToken
        self.expiration = expiration
    }

    package var description: String { "key \(self.caller.accessKeyID)" }

    /// Whether a request's token is this key's. Takes as long for every token of a length.
    func accepts(token: String?) -> Bool {
        guard let sessionToken = self.sessionToken, let token else { return self.sessionToken == nil && token == nil }
        guard sessionToken.utf8.count == token.utf8.count else { return false }
        return zip(sessionToken.utf8, token.utf8).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
