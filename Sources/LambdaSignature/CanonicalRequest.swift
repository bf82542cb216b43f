/// A request in the one form that both sides sign (contract 13.1).
enum CanonicalRequest {
    /// Builds it.
    ///
    /// - Parameters:
    ///   - signedHeaders: Lower-case names.
    ///   - payloadHash: The lower-case SHA-256 of the body.
    static func text(of request: SignableRequest, signedHeaders: [String], payloadHash: String) -> String {
        let names = signedHeaders.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let headers = names.map { "\($0):\(self.value(of: $0, in: request))\n" }.joined()
        return [
            request.method, self.path(request.path), self.query(request.query), headers, names.joined(separator: ";"),
            payloadHash,
        ].joined(separator: "\n")
    }

    /// Without `.`, `..` and empty segments; then encoded, though it is encoded already: only S3 does not do that.
    static func path(_ path: String) -> String {
        var segments: [Substring] = []
        for segment in path.split(separator: "/") where segment != "." {
            if segment == ".." { _ = segments.popLast() } else { segments.append(segment) }
        }
        guard !segments.isEmpty else { return "/" }
        let end = path.hasSuffix("/") ? "/" : ""
        return URIEncoding.encode("/\(segments.joined(separator: "/"))\(end)".utf8, keepsSlash: true)
    }

    /// Sorted, and without the signature itself.
    static func query(_ query: String) -> String {
        let pairs = QueryParameters(query).pairs
            .filter { $0.name != QueryParameters.signature }
            .sorted { a, b in
                a.name == b.name
                    ? a.value.utf8.lexicographicallyPrecedes(b.value.utf8)
                    : a.name.utf8.lexicographicallyPrecedes(b.name.utf8)
            }
        return pairs.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    }

    /// All values of a name, each without the white space around it and with one space for each run within.
    private static func value(of name: String, in request: SignableRequest) -> String {
        request.headers.lazy.filter { $0.name == name }
            .map { $0.value.split { $0 == " " || $0 == "\t" }.joined(separator: " ") }
            .joined(separator: ",")
    }
}
