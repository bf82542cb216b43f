package import LambdaProtocol

/// One function URL: which requests it is for, and which function gets them.
package struct FunctionURLEntry: Sendable, Equatable {
    /// Who gets the requests.
    package enum Target: Sendable, Equatable {
        /// One function.
        case function(FunctionName)
        /// The one that the path's next segment names; the segment is taken off.
        case nextSegment
        /// The one that the host name's first label names.
        case firstLabel
    }

    /// `nil`: any host.
    package var domain: DomainPattern?
    package var pathPrefix: PathPrefix
    /// Whether the function sees the path without the prefix.
    package var stripsPrefix: Bool
    package var target: Target
    package var url: FunctionURL

    package init(
        domain: DomainPattern?, pathPrefix: PathPrefix, stripsPrefix: Bool, target: Target, url: FunctionURL
    ) {
        self.domain = domain
        self.pathPrefix = pathPrefix
        self.stripsPrefix = stripsPrefix
        self.target = target
        self.url = url
    }

    /// Every path of every host, for one function.
    package static func all(of function: FunctionName, _ url: FunctionURL) -> FunctionURLEntry {
        FunctionURLEntry(domain: nil, pathPrefix: .all, stripsPrefix: false, target: .function(function), url: url)
    }

    /// `<prefix>/NAME/…` is function NAME (`FUNCTION_URL_PREFIX`).
    package static func functions(below prefix: PathPrefix, _ url: FunctionURL) -> FunctionURLEntry {
        FunctionURLEntry(domain: nil, pathPrefix: prefix, stripsPrefix: true, target: .nextSegment, url: url)
    }

    /// `NAME.<domain>` is function NAME (`FUNCTION_URL_DOMAIN`).
    ///
    /// - Returns: `nil` for what is no domain.
    package static func functions(ofDomain domain: String, _ url: FunctionURL) -> FunctionURLEntry? {
        DomainPattern("*." + domain).map { pattern in
            FunctionURLEntry(
                domain: pattern, pathPrefix: .all, stripsPrefix: false, target: .firstLabel, url: url)
        }
    }
}
