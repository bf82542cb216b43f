extension RequestSignature {
    /// A presigned request, which has everything in its query.
    static func read(_ parameters: QueryParameters) throws(SignatureRefusal) -> RequestSignature {
        let names = [
            QueryParameters.algorithm, QueryParameters.credential, QueryParameters.signature,
            QueryParameters.signedHeaders, QueryParameters.date, QueryParameters.expires,
        ]
        let missing = names.filter { parameters[$0] == nil }
        guard missing.isEmpty, let algorithm = parameters[QueryParameters.algorithm],
            let credentialText = parameters[QueryParameters.credential],
            let signature = parameters[QueryParameters.signature], let date = parameters[QueryParameters.date],
            let signedHeaders = parameters[QueryParameters.signedHeaders],
            let expires = parameters[QueryParameters.expires]
        else {
            let problems = missing.map { "AWS query-string parameters must include '\($0)'." }
            throw .incomplete(problems.joined(separator: " ") + " Re-examine the query-string parameters.")
        }
        guard algorithm == Self.algorithm else { throw .incomplete("Unsupported AWS 'algorithm': '\(algorithm)'.") }
        guard let lifetime = Int64(expires), (1...604_800).contains(lifetime) else {
            throw .incomplete("'\(QueryParameters.expires)' must be a number of seconds from 1 to 604800. Got '\(expires)'.")
        }
        let credential = try self.credential(credentialText)
        return RequestSignature(
            accessKeyID: credential.id, scope: credential.scope, date: try self.date(date), lifetime: lifetime,
            signedHeaders: self.headerNames(signedHeaders), sessionToken: parameters[QueryParameters.securityToken],
            signature: signature)
    }
}
