extension RequestSignature {
    /// `AWS4-HMAC-SHA256 Credential=<id>/<scope>, SignedHeaders=<names>, Signature=<64 hex>`
    static func read(
        _ authorization: String, of request: SignableRequest
    ) throws(SignatureRefusal) -> RequestSignature {
        let parameters = try self.parameters(of: authorization)
        let dateText = request.header("x-amz-date") ?? request.header("date")
        var problems = ["Credential", "Signature", "SignedHeaders"].filter { parameters[$0] == nil }.map {
            "Authorization header requires '\($0)' parameter."
        }
        if dateText == nil {
            problems.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
        }
        guard problems.isEmpty, let credentialText = parameters["Credential"], let dateText,
            let names = parameters["SignedHeaders"], let signature = parameters["Signature"]
        else { throw .incomplete(problems.joined(separator: " ") + " Authorization=\(authorization)") }
        let credential = try self.credential(credentialText)
        return RequestSignature(
            accessKeyID: credential.id, scope: credential.scope,
            date: try self.date(dateText), lifetime: nil,
            signedHeaders: self.headerNames(names), sessionToken: request.header("x-amz-security-token"),
            signature: signature)
    }

    private static func parameters(of authorization: String) throws(SignatureRefusal) -> [String: String] {
        var rest = authorization[...]
        if let space = authorization.firstIndex(of: " "), authorization[..<space].hasPrefix("AWS4-") {
            guard authorization[..<space] == Self.algorithm else {
                throw .incomplete("Unsupported AWS 'algorithm': '\(authorization[..<space])'.")
            }
            rest = authorization[authorization.index(after: space)...]
        } else if authorization == Self.algorithm {
            return [:]
        }
        var parameters: [String: String] = [:]
        for piece in rest.split(separator: ",") {
            let part = piece.drop { $0 == " " }
            guard let equals = part.firstIndex(of: "=") else {
                throw .incomplete(
                    "'\(part)' not a valid key=value pair (missing equal-sign) in Authorization header: "
                        + "'\(authorization)'.")
            }
            let value = part[part.index(after: equals)...].prefix { $0 != " " }
            parameters[String(part[..<equals])] = String(value)
        }
        return parameters
    }
}
