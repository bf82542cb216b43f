/// Percent-encoding of URLs (RFC 3986, 2.1).
package enum PercentEncoding {
    /// Decodes once.
    ///
    /// - Returns: `nil` where a `%` is not followed by two hexadecimal digits, or the result is not UTF-8.
    package static func decode(_ text: some StringProtocol) -> String? {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
        var bytes: [UInt8] = []
        var rest = text.utf8.makeIterator()
        while let byte = rest.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.next().flatMap(HexDigits.value), let low = rest.next().flatMap(HexDigits.value) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The first value of a parameter in a query (without its `?`), decoded; a `+` stays a `+`.
    package static func queryParameter(_ name: String, in query: some StringProtocol) -> String? {
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = parts.first, self.decode(key) == name else { continue }
            return parts.count == 2 ? self.decode(parts[1]) : ""
        }
        return nil
    }
}
