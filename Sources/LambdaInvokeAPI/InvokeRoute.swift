/// Which operation of the Lambda API a path names (contract 1.1).
enum InvokeRoute: Equatable {
    case invoke(functionSegment: Substring)
    case invokeStreaming(functionSegment: Substring)
    case invokeAsync(functionSegment: Substring)

    /// - Returns: `nil` for a path of no operation.
    init?(path: Substring) {
        if let name = Self.segment(of: path, between: "/2015-03-31/functions/", and: "/invocations") {
            self = .invoke(functionSegment: name)
        } else if let name = Self.segment(
            of: path, between: "/2021-11-15/functions/", and: "/response-streaming-invocations")
        {
            self = .invokeStreaming(functionSegment: name)
        } else if let name = Self.segment(of: path, between: "/2014-11-13/functions/", and: "/invoke-async")
            // The older SDKs' models end in a slash.
            ?? Self.segment(of: path, between: "/2014-11-13/functions/", and: "/invoke-async/")
        {
            self = .invokeAsync(functionSegment: name)
        } else {
            return nil
        }
    }

    /// What stands between the two, if it is one segment and not empty. Compares bytes: paths are looked at for each
    /// invocation.
    private static func segment(of path: Substring, between prefix: StaticString, and suffix: StaticString)
        -> Substring?
    {
        let bytes = path.utf8
        let (start, end) = (prefix.utf8CodeUnitCount, suffix.utf8CodeUnitCount)
        guard bytes.count > start + end,
            prefix.withUTF8Buffer({ bytes.prefix(start).elementsEqual($0) }),
            suffix.withUTF8Buffer({ bytes.suffix(end).elementsEqual($0) })
        else { return nil }
        let segment = path[bytes.index(path.startIndex, offsetBy: start)..<bytes.index(path.endIndex, offsetBy: -end)]
        return segment.utf8.contains(UInt8(ascii: "/")) ? nil : segment
    }
}
