/// What scripts of other origins may do with a function URL (contract 12.4). Answered by the platform.
package struct CORSPolicy: Sendable, Equatable {
    /// Whether requests may carry cookies and the like.
    package var allowsCredentials = false
    /// Header fields that requests may have, in lower case; `*` for all.
    package var allowedHeaders: [String] = []
    /// Methods; `*` for all.
    package var allowedMethods: [String] = []
    /// Origins; `*` for all.
    package var allowedOrigins: [String] = []
    /// Header fields of answers that scripts may read.
    package var exposedHeaders: [String] = []
    /// How long, in seconds, a browser may remember what it was told.
    package var maxAge = 0

    package init() {}

    /// What a request has that matters here.
    struct Asked: Equatable {
        var method: String
        var origin: String?
        /// `Access-Control-Request-Method`.
        var requestMethod: String?
        /// `Access-Control-Request-Headers`.
        var requestHeaders: String?
    }

    /// What to do with a request.
    enum Decision: Equatable {
        /// Answer 200 with these fields; nothing is invoked.
        case preflight([HTTPField])
        /// Invoke, and add these fields to the answer, whatever it is.
        case invoke(adding: [HTTPField])
    }

    func decide(_ asked: Asked) -> Decision {
        guard let origin = asked.origin else { return .invoke(adding: []) }
        if asked.method == "OPTIONS", let method = asked.requestMethod {
            return .preflight(self.preflight(origin, method, Self.list(asked.requestHeaders)))
        }
        guard let allowOrigin = self.allowOrigin(origin) else { return .invoke(adding: []) }
        var fields = allowOrigin
        if !self.exposedHeaders.isEmpty {
            fields.append(("Access-Control-Expose-Headers", self.exposedHeaders.joined(separator: ",")))
        }
        return .invoke(adding: fields.map { HTTPField($0.0, $0.1) })
    }

    /// Nothing for what is not allowed: the browser takes that for a refusal.
    private func preflight(_ origin: String, _ method: String, _ headers: [String]) -> [HTTPField] {
        guard let allowOrigin = self.allowOrigin(origin), self.allows(method: method), self.allows(headers) else {
            return []
        }
        var fields = allowOrigin
        fields.append(("Access-Control-Allow-Methods", self.methods(for: method)))
        if !headers.isEmpty { fields.append(("Access-Control-Allow-Headers", self.headers(for: headers))) }
        if self.maxAge > 0 { fields.append(("Access-Control-Max-Age", String(self.maxAge))) }
        return fields.map { HTTPField($0.0, $0.1) }
    }

    private func allowOrigin(_ origin: String) -> [(String, String)]? {
        let allowsAll = self.allowedOrigins.contains("*")
        guard allowsAll || self.allowedOrigins.contains(origin.lowercased()) else { return nil }
        // With credentials a browser takes no `*`; what depends on the origin must not be cached for others.
        guard allowsAll, !self.allowsCredentials else {
            let fields = [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")]
            return self.allowsCredentials ? fields + [("Access-Control-Allow-Credentials", "true")] : fields
        }
        return [("Access-Control-Allow-Origin", "*")]
    }

    private func allows(method: String) -> Bool {
        self.allowedMethods.contains("*") || self.allowedMethods.contains(method)
    }

    private func allows(_ headers: [String]) -> Bool {
        self.allowedHeaders.contains("*") || headers.allSatisfy { self.allowedHeaders.contains($0) }
    }

    /// With credentials a browser takes `*` for a method of that name.
    private func methods(for method: String) -> String {
        self.allowedMethods.contains("*") ? method : self.allowedMethods.joined(separator: ",")
    }

    /// A browser's `*` stands neither for `Authorization` nor, with credentials, for anything.
    private func headers(for asked: [String]) -> String {
        (self.allowedHeaders.contains("*") ? asked : self.allowedHeaders).joined(separator: ",")
    }

    private static func list(_ text: String?) -> [String] {
        (text ?? "").split(separator: ",").map { part in
            String(part.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }).lowercased()
        }.filter { !$0.isEmpty }
    }
}
