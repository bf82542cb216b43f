/// What a request says of its signature, in its header fields or in its query.
struct RequestSignature {
    static let algorithm = "AWS4-HMAC-SHA256"

    let accessKeyID: String
    let scope: SignatureScope
    let date: SignatureDate
    /// How many seconds a presigned request is good for; `nil` for one that is signed when it is sent.
    let lifetime: Int64?
    /// In lower case.
    let signedHeaders: [String]
    let sessionToken: String?
    /// As it came.
    let signature: String

    /// Finds it. One in a header field goes before one in the query.
    static func find(in request: SignableRequest) throws(SignatureRefusal) -> RequestSignature {
        if let authorization = request.header("authorization") { return try self.read(authorization, of: request) }
        let parameters = QueryParameters(request.query)
        let names = [QueryParameters.algorithm, QueryParameters.credential, QueryParameters.signature]
        guard names.contains(where: { parameters[$0] != nil }) else { throw .missing }
        return try self.read(parameters)
    }

    /// The id and the scope of `id/20260102/us-east-1/lambda/aws4_request`.
    static func credential(_ text: String) throws(SignatureRefusal) -> (id: String, scope: SignatureScope) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 5 else {
            throw .incomplete(
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
                    + "got '\(text)'")
        }
        return (parts[0], SignatureScope(day: parts[1], region: parts[2], service: parts[3], terminator: parts[4]))
    }

    /// As `X-Amz-Date` has it, or as HTTP's `Date` does.
    static func date(_ text: String) throws(SignatureRefusal) -> SignatureDate {
        guard let date = SignatureDate(basicISO8601: text) ?? SignatureDate(http: text) else {
            throw .incomplete("Date must be in ISO-8601 'basic format'. Got '\(text)'.")
        }
        return date
    }

    static func headerNames(_ text: String) -> [String] {
        text.lowercased().split(separator: ";").map(String.init)
    }

    /// Why the signature covers too little of a request; `nil` when it covers enough.
    ///
    /// What an `x-amz-` field says is the caller's only where the signature says so.
    func refusalOfCoverage(of request: SignableRequest) -> SignatureRefusal? {
        guard self.signedHeaders.contains("host") else {
            return .invalid("'Host' must be a 'SignedHeader' in the AWS Authorization.")
        }
        let unsigned = request.headers.first { field in
            field.name.hasPrefix("x-amz-") && !self.signedHeaders.contains(field.name)
        }
        return unsigned.map {
            .invalid("There were headers present in the request which were not signed: \($0.name).")
        }
    }

    /// Why the signature does not hold now; `nil` when it does.
    func refusalOfDate(at now: SignatureDate) -> SignatureRefusal? {
        let skew: Int64 = 5
        let latest = now.advanced(bySeconds: skew * 60)
        guard self.date <= latest else {
            return .invalid(
                "Signature not yet current: \(self.date.text) is still later than \(latest.text) "
                    + "(\(now.text) + \(skew) min.)")
        }
        let allowance = self.lifetime ?? skew * 60
        let earliest = now.advanced(bySeconds: -allowance)
        guard self.date < earliest else { return nil }
        let shown = self.lifetime.map { "\($0) sec." } ?? "\(skew) min."
        return .invalid(
            "Signature expired: \(self.date.text) is now earlier than \(earliest.text) (\(now.text) - \(shown))")
    }
}
