extension FunctionName {
    private static let namePattern =
        #"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"#
    private static let qualifierPattern = #"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"#

    /// Reads a function as an Invoke request names it (contract 1.3).
    ///
    /// - Parameters:
    ///   - segment: The path's segment, still percent-encoded; it is decoded once.
    ///   - qualifier: The `Qualifier` parameter, decoded.
    /// - Returns: the parts, or the 400 with AWS's text.
    package static func parse(
        segment: some StringProtocol, qualifier: String? = nil
    ) -> Result<FunctionName, InvokeError> {
        let text = PercentEncoding.decode(segment)
        var errors: [String] = []
        if let qualifier { errors += self.qualifierErrors(qualifier) }
        let parsed = text.flatMap { self.match($0) }
        if parsed == nil || text?.utf8.count ?? 0 > 256 {
            errors.append(self.violation(text ?? String(segment), member: "functionName", pattern: self.namePattern))
        }
        guard errors.isEmpty, var name = parsed else { return .failure(self.validationError(errors)) }
        if let qualifier {
            guard name.qualifier == nil || name.qualifier == qualifier else {
                return .failure(
                    InvokeError(
                        .invalidParameterValue,
                        "The derived qualifier from the function name does not match the specified qualifier."))
            }
            name.qualifier = qualifier
        }
        return .success(name)
    }

    /// Takes the optional parts from the left while a name remains, as the pattern's greedy groups do.
    private static func match(_ text: String) -> FunctionName? {
        var parts = text.split(separator: ":", omittingEmptySubsequences: false)[...]
        var name = FunctionName(name: "")
        if parts.first == "arn" {
            guard parts.count > 3, self.isPartition(parts[parts.startIndex + 1]),
                parts[parts.startIndex + 2] == "lambda"
            else { return nil }
            parts = parts.dropFirst(3)
        }
        if parts.count > 1, let part = parts.first, self.isRegion(part) { name.region = String(parts.removeFirst()) }
        if parts.count > 1, let part = parts.first, self.isAccount(part) {
            name.accountID = String(parts.removeFirst())
        }
        if parts.count > 1, parts.first == "function" { parts.removeFirst() }
        guard let bare = parts.popFirst(), self.isName(bare) else { return nil }
        name.name = String(bare)
        guard let qualifier = parts.popFirst() else { return name }
        guard parts.isEmpty, self.isNameQualifier(qualifier) else { return nil }
        name.qualifier = String(qualifier)
        return name
    }
}

// MARK: - The parts of the pattern

extension FunctionName {
    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    private static func isName(_ part: Substring) -> Bool {
        !part.isEmpty
            && part.utf8.allSatisfy {
                self.isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
            }
    }

    private static func isNameQualifier(_ part: Substring) -> Bool {
        part == "$LATEST" || part == "$LATEST.PUBLISHED" || (self.isName(part) && !part.contains("."))
    }

    private static func isPartition(_ part: Substring) -> Bool {
        part.isEmpty
            || (part.hasPrefix("aws")
                && part.utf8.allSatisfy {
                    (self.isAlphanumeric($0) && !(0x30...0x39).contains($0)) || $0 == UInt8(ascii: "-")
                })
    }

    private static func isAccount(_ part: Substring) -> Bool {
        part.utf8.count == 12 && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// `eu-west-1`, `us-gov-east-1`, `us-isob-east-1`, `eusc-de-east-1`.
    private static func isRegion(_ part: Substring) -> Bool {
        var words = part.split(separator: "-", omittingEmptySubsequences: false)
        func isLower(_ word: Substring) -> Bool { !word.isEmpty && word.utf8.allSatisfy { (0x61...0x7A).contains($0) } }
        if words.first == "eusc" { words.removeFirst() }
        if words.count == 4, words[1] == "gov" || (words[1].hasPrefix("iso") && words[1].utf8.count <= 4) {
            words.remove(at: 1)
        }
        guard words.count == 3, words[0].utf8.count == 2, isLower(words[0]), isLower(words[1]),
            words[2].utf8.count == 1, let digit = words[2].utf8.first
        else { return false }
        return (0x30...0x39).contains(digit)
    }

    private static func qualifierErrors(_ qualifier: String) -> [String] {
        var errors: [String] = []
        if qualifier.utf8.count > 128 {
            errors.append(
                "Value '\(qualifier)' at 'qualifier' failed to satisfy constraint: "
                    + "Member must have length less than or equal to 128")
        }
        let isLegal =
            !qualifier.isEmpty
            && (qualifier == "$LATEST.PUBLISHED"
                || qualifier.utf8.allSatisfy {
                    self.isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
                        || $0 == UInt8(ascii: "$")
                })
        if !isLegal { errors.append(self.violation(qualifier, member: "qualifier", pattern: self.qualifierPattern)) }
        return errors
    }

    private static func violation(_ value: String, member: String, pattern: String) -> String {
        "Value '\(value)' at '\(member)' failed to satisfy constraint: "
            + "Member must satisfy regular expression pattern: \(pattern)"
    }

    private static func validationError(_ errors: [String]) -> InvokeError {
        let noun = errors.count == 1 ? "error" : "errors"
        return InvokeError(
            .validation, "\(errors.count) validation \(noun) detected: \(errors.joined(separator: "; "))")
    }
}
