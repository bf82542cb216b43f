import LambdaProtocol

/// Which function a request's host name and path lead to.
///
/// A name's entries come before those of the longest wildcard that fits, these before entries without a domain; of
/// several prefixes the longest counts.
package struct FunctionURLTable: Sendable {
    /// Where a request leads.
    struct Match: Equatable {
        let url: FunctionURL
        /// As the host name or the path has it where these name it, still percent-encoded; `nil`: no function can have
        /// that name.
        let function: FunctionName?
        /// The path that the function sees, still percent-encoded.
        let path: Substring
    }

    /// The entries of one domain, or of none.
    private struct Paths {
        var entries: [String: FunctionURLEntry] = [:]
        var longestPrefix = 0
    }

    private var byName: [String: Paths] = [:]
    private var byWildcard: [String: Paths] = [:]
    private var byPath = Paths()
    /// Whether an entry serves functions by their names, to everybody.
    package private(set) var opensEveryFunction = false

    package init() {}

    /// Adds an entry.
    ///
    /// - Returns: `false` where the table has one for the same domain and prefix already.
    package mutating func add(_ entry: FunctionURLEntry) -> Bool {
        if entry.url.authType == .none {
            switch entry.target {
            case .function: break
            case .nextSegment, .firstLabel: self.opensEveryFunction = true
            }
        }
        guard let domain = entry.domain else { return Self.add(entry, to: &self.byPath) }
        return domain.isWildcard
            ? Self.add(entry, to: &self.byWildcard[domain.name, default: Paths()])
            : Self.add(entry, to: &self.byName[domain.name, default: Paths()])
    }

    private static func add(_ entry: FunctionURLEntry, to paths: inout Paths) -> Bool {
        let prefix = entry.pathPrefix.text
        guard paths.entries[prefix] == nil else { return false }
        paths.entries[prefix] = entry
        paths.longestPrefix = max(paths.longestPrefix, prefix.utf8.count)
        return true
    }

    /// Whether nothing is served.
    package var isEmpty: Bool { self.byName.isEmpty && self.byWildcard.isEmpty && self.byPath.entries.isEmpty }

    /// What an entry with a domain says.
    ///
    /// - Parameters:
    ///   - host: The request's `Host` field.
    ///   - path: The path as it was sent.
    func match(host: String?, path: Substring) -> Match? {
        guard !(self.byName.isEmpty && self.byWildcard.isEmpty), let host = host.flatMap(DomainPattern.hostName) else {
            return nil
        }
        if let paths = self.byName[host], let match = Self.match(paths, host, path) { return match }
        var rest = host[...]
        while !self.byWildcard.isEmpty, let dot = rest.firstIndex(of: ".") {
            rest = rest[rest.index(after: dot)...]
            if let paths = self.byWildcard[String(rest)], let match = Self.match(paths, host, path) { return match }
        }
        return nil
    }

    /// What an entry without a domain says.
    func match(path: Substring) -> Match? {
        Self.match(self.byPath, "", path)
    }

    /// Looks at no more of the path than the longest prefix has: clients may send paths of many segments.
    private static func match(_ paths: Paths, _ host: String, _ path: Substring) -> Match? {
        guard !paths.entries.isEmpty, path.utf8.first == UInt8(ascii: "/") else { return nil }
        var end = path.utf8.index(path.startIndex, offsetBy: paths.longestPrefix, limitedBy: path.endIndex)
            ?? path.endIndex
        while true {
            if end == path.endIndex || path.utf8[end] == UInt8(ascii: "/"),
                let entry = paths.entries[String(path[..<end])], let match = self.match(entry, host, path)
            {
                return match
            }
            guard let slash = path[..<end].utf8.lastIndex(of: UInt8(ascii: "/")) else { break }
            end = slash
        }
        return paths.entries[PathPrefix.all.text].flatMap { self.match($0, host, path) }
    }

    private static func match(_ entry: FunctionURLEntry, _ host: String, _ path: Substring) -> Match? {
        let rest = entry.stripsPrefix ? entry.pathPrefix.strip(from: path) : path
        switch entry.target {
        case .function(let name): return Match(url: entry.url, function: name, path: rest)
        case .firstLabel:
            guard let domain = entry.domain, let label = host.split(separator: ".").first,
                label.utf8.count + 1 + domain.name.utf8.count == host.utf8.count
            else { return nil }
            return Match(url: entry.url, function: self.function(label), path: rest)
        case .nextSegment:
            let segment = rest.utf8.dropFirst().prefix { $0 != UInt8(ascii: "/") }
            guard !segment.isEmpty else { return nil }
            let path = rest[segment.endIndex...]
            return Match(url: entry.url, function: self.function(Substring(segment)), path: path.isEmpty ? "/" : path)
        }
    }

    private static func function(_ segment: Substring) -> FunctionName? {
        guard case .success(let name) = FunctionName.parse(segment: segment) else { return nil }
        return name
    }
}
