/// What a query says (the URL standard's application/x-www-form-urlencoded).
package enum FormDecoding {
    /// The parameters of a query without its `?`, in order; a `+` is a space.
    package static func parameters(_ query: some StringProtocol) -> [(name: String, value: String)] {
        query.utf8.split(separator: UInt8(ascii: "&")).map { pair in
            guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { return (self.decode(pair), "") }
            return (self.decode(pair[..<equals]), self.decode(pair[pair.index(after: equals)...]))
        }
    }

    /// Never fails: a `%` without its digits stays, bytes that are not UTF-8 are replaced.
    private static func decode(_ text: some Collection<UInt8>) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var rest = text[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%"), let code = self.code(rest) else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                continue
            }
            bytes.append(code)
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func code(_ rest: some Collection<UInt8>) -> UInt8? {
        var digits = rest.makeIterator()
        guard let high = digits.next().flatMap(HexDigits.value), let low = digits.next().flatMap(HexDigits.value) else {
            return nil
        }
        return high << 4 | low
    }
}
