/// Names functions that somebody may invoke: `*`, `name`, `name:qualifier`, or any beginning with a `*` behind it.
///
/// As in the resources of AWS's policies, a name without a qualifier means the function's unqualified name (which
/// `$LATEST` is another word for) and no alias or version: those are `name:prod`, `name:*`, or covered by `name*`.
package struct FunctionPattern: Sendable, Hashable {
    private let text: String
    /// What stands before the `*` counts as a beginning.
    private let isPrefix: Bool

    /// - Parameter pattern: As it stands in a key file.
    /// - Returns: `nil` for what can match no function: other characters than names have, or a `*` that is not the end.
    package init?(_ pattern: String) {
        self.isPrefix = pattern.hasSuffix("*")
        self.text = self.isPrefix ? String(pattern.dropLast()) : pattern
        let colons = self.text.utf8.count { $0 == UInt8(ascii: ":") }
        guard self.text.utf8.allSatisfy(Self.isAllowed), colons <= 1, !pattern.isEmpty,
            self.isPrefix || !(self.text.hasPrefix(":") || self.text.hasSuffix(":"))
        else { return nil }
    }

    /// Whether it names this function.
    package func matches(_ name: String, qualifier: String?) -> Bool {
        guard let qualifier, qualifier != "$LATEST" else {
            return self.matches(name) || self.matches("\(name):$LATEST")
        }
        return self.matches("\(name):\(qualifier)")
    }

    private func matches(_ candidate: String) -> Bool {
        self.isPrefix ? candidate.utf8.starts(with: self.text.utf8) : candidate == self.text
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"),
            UInt8(ascii: "$"):
            true
        default: false
        }
    }
}
