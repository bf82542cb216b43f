import LambdaProtocol

/// Which operation of the Lambda API a path names (contract 1.1).
enum InvokeRoute: Equatable {
    case invoke(functionSegment: Substring)
    case invokeAsync(functionSegment: Substring)

    /// - Returns: `nil` for a path of no operation.
    init?(path: Substring) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        // "", version, "functions", name, operation; the older SDKs end in a slash.
        guard parts.count >= 5, parts[0].isEmpty, parts[2] == "functions", !parts[3].isEmpty else { return nil }
        switch (parts[1], parts[4], parts.count) {
        case ("2015-03-31", "invocations", 5): self = .invoke(functionSegment: parts[3])
        case ("2014-11-13", "invoke-async", 5): self = .invokeAsync(functionSegment: parts[3])
        case ("2014-11-13", "invoke-async", 6) where parts[5].isEmpty: self = .invokeAsync(functionSegment: parts[3])
        default: return nil
        }
    }
}
