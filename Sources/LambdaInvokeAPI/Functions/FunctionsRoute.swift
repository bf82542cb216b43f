/// Which operation that reads functions a path names, with the method GET (botocore's service model of 2015-03-31).
enum FunctionsRoute: Equatable {
    case list
    case function(segment: Substring)
    case configuration(segment: Substring)

    /// - Returns: `nil` for a path of no such operation.
    init?(path: Substring) {
        let root: Substring = "/2015-03-31/functions"
        guard path.hasPrefix(root) else { return nil }
        let rest = path.dropFirst(root.count)
        guard !rest.isEmpty, rest != "/" else {
            self = .list
            return
        }
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[0].isEmpty, !parts[1].isEmpty else { return nil }
        switch parts.dropFirst(2) {
        case []: self = .function(segment: parts[1])
        case ["configuration"]: self = .configuration(segment: parts[1])
        default: return nil
        }
    }
}
