/// The header fields of a request that are the function's business.
enum EndToEndFields {
    /// Those that end at the next hop (RFC 9110, section 7.6.1), and those that the server has obeyed already.
    private static let ofTheConnection: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "proxy-authorization", "te", "trailer", "transfer-encoding",
        "upgrade", "expect",
    ]

    /// What a signature is made with: the function has no use for it, and could repeat the request with it.
    private static let ofTheSignature: Set<String> = ["authorization", "x-amz-security-token"]

    /// The client's fields without those of the connection, and the platform's (contract 12.1).
    ///
    /// - Parameters:
    ///   - fields: As they were sent.
    ///   - forwarding: Where the request comes from.
    ///   - traceID: The X-Ray trace header.
    ///   - bodyByteCount: A body that came in chunks has a length now.
    ///   - isSigned: Whether a signature has been checked here.
    static func of(
        _ fields: [HTTPField], _ forwarding: Forwarding, traceID: String, bodyByteCount: Int, isSigned: Bool = false
    ) -> [HTTPField] {
        let named = fields.filter { $0.name.lowercased() == "connection" }
            .flatMap { $0.value.split(separator: ",") }
            .map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
        let made = Forwarding.fieldNames + ["x-amzn-trace-id"]
        let left = self.ofTheConnection.union(named).union(made).union(isSigned ? self.ofTheSignature : [])
        var result = fields.filter { !left.contains($0.name.lowercased()) }
        if bodyByteCount > 0, !result.contains(where: { $0.name.lowercased() == "content-length" }) {
            result.append(HTTPField("content-length", String(bodyByteCount)))
        }
        result.append(HTTPField("x-amzn-trace-id", traceID))
        result.append(HTTPField("x-forwarded-for", forwarding.forwardedFor))
        result.append(HTTPField("x-forwarded-port", forwarding.port))
        result.append(HTTPField("x-forwarded-proto", forwarding.scheme))
        return result
    }
}
