/// The host names that an entry is for.
package struct DomainPattern: Sendable, Hashable {
    /// In lower case; without its `*.`.
    let name: String
    /// `*.example.org`: every name below it, but not itself.
    let isWildcard: Bool

    /// - Returns: `nil` for what is no host name.
    package init?(_ text: String) {
        let isWildcard = text.hasPrefix("*.")
        let name = (isWildcard ? text.dropFirst(2) : text[...]).lowercased()
        guard (1...253).contains(name.utf8.count),
            name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(Self.isLabel)
        else { return nil }
        self.name = name
        self.isWildcard = isWildcard
    }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count)
            && label.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) || byte == UInt8(ascii: "-")
                    || byte == UInt8(ascii: "_")
            }
    }

    /// The name in a `Host` field: in lower case, without port and without the root's dot.
    ///
    /// - Returns: `nil` for an address of IPv6, which is no name, and for an empty one.
    static func hostName(_ field: String) -> String? {
        guard !field.hasPrefix("[") else { return nil }
        var name = field.prefix { $0 != ":" }
        if name.last == "." { name.removeLast() }
        return name.isEmpty ? nil : name.lowercased()
    }
}

extension DomainPattern: CustomStringConvertible {
    package var description: String { self.isWildcard ? "*." + self.name : self.name }
}
