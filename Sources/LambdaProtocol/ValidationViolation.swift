/// One violated constraint of a request's member, in AWS's words (contract 1.3, 1.6).
package struct ValidationViolation: Sendable, Equatable {
    /// `Value '…' at '…' failed to satisfy constraint: …`
    package let text: String

    /// A member that does not match its pattern.
    package static func pattern(_ value: String, member: String, _ pattern: String) -> Self {
        self.init(value, member, "Member must satisfy regular expression pattern: \(pattern)")
    }

    /// A member that is too long.
    package static func tooLong(_ value: String, member: String, limit: Int) -> Self {
        self.init(value, member, "Member must have length less than or equal to \(limit)")
    }

    /// A member that is none of the values it may have.
    package static func enumeration(_ value: String, member: String, allowed: [String]) -> Self {
        self.init(value, member, "Member must satisfy enum value set: [\(allowed.joined(separator: ", "))]")
    }

    /// A number that is too small or too large, or no number.
    package static func outOfRange(_ value: String, member: String, _ range: ClosedRange<Int>) -> Self {
        if let number = Int(value), number > range.upperBound {
            return self.init(value, member, "Member must have value less than or equal to \(range.upperBound)")
        }
        return self.init(value, member, "Member must have value greater than or equal to \(range.lowerBound)")
    }

    private init(_ value: String, _ member: String, _ constraint: String) {
        // The value is the caller's, and may be as long as a request line.
        let shown = value.utf8.count <= 512 ? value : String(value.prefix(256)) + "…"
        self.text = "Value '\(shown)' at '\(member)' failed to satisfy constraint: \(constraint)"
    }

    /// The `ValidationException` that lists the violations.
    package static func error(_ violations: [ValidationViolation]) -> InvokeError {
        let list = violations.map(\.text).joined(separator: "; ")
        let noun = violations.count == 1 ? "error" : "errors"
        return InvokeError(.validation, "\(violations.count) validation \(noun) detected: \(list)")
    }
}
