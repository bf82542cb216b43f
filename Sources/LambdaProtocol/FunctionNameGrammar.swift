/// The pattern of function names, matched by hand: it stands on the way of each invocation.
///
/// The optional parts are taken as a regular expression takes them: as many as possible from the left, and given back
/// when what is left is no name. So an ARN that ends after `function` names a function called `function`, as on AWS.
enum FunctionNameGrammar {
    /// As AWS prints it (contract 1.3).
    static let pattern =
        #"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?"#
        + #"(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"#
    static let qualifierPattern = #"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"#

    static func match(_ text: String) -> FunctionName? {
        if text.utf8.allSatisfy(self.isNameByte) { return text.isEmpty ? nil : FunctionName(name: text) }
        let segments = text.split(separator: ":", maxSplits: 8, omittingEmptySubsequences: false)
        return self.match(segments[...], from: .arn, FunctionName(name: ""))
    }

    static func isQualifier(_ text: some StringProtocol) -> Bool {
        if text == "$LATEST" || text == "$LATEST.PUBLISHED" { return true }
        return !text.isEmpty && text.utf8.allSatisfy { self.isWordByte($0) || $0 == UInt8(ascii: "$") }
    }

    private enum Part { case arn, region, account, function, name }

    private static func match(_ segments: ArraySlice<Substring>, from part: Part, _ found: FunctionName)
        -> FunctionName?
    {
        guard let first = segments.first else { return nil }
        switch part {
        case .arn:
            if self.isARNHead(segments), let name = self.match(segments.dropFirst(3), from: .region, found) {
                return name
            }
            return self.match(segments, from: .region, found)
        case .region:
            if self.isRegion(first.utf8) {
                var found = found
                found.region = String(first)
                if let name = self.match(segments.dropFirst(), from: .account, found) { return name }
            }
            return self.match(segments, from: .account, found)
        case .account:
            if first.utf8.count == 12, first.utf8.allSatisfy(self.isDigit) {
                var found = found
                found.accountID = String(first)
                if let name = self.match(segments.dropFirst(), from: .function, found) { return name }
            }
            return self.match(segments, from: .function, found)
        case .function:
            if first == "function", let name = self.match(segments.dropFirst(), from: .name, found) { return name }
            return self.match(segments, from: .name, found)
        case .name:
            return self.matchName(segments, found)
        }
    }

    private static func matchName(_ segments: ArraySlice<Substring>, _ found: FunctionName) -> FunctionName? {
        guard let name = segments.first, !name.isEmpty, name.utf8.allSatisfy(self.isNameByte) else { return nil }
        var found = found
        found.name = String(name)
        switch segments.count {
        case 1: return found
        case 2:
            guard let qualifier = segments.last, self.isNameQualifier(qualifier) else { return nil }
            found.qualifier = String(qualifier)
            return found
        default: return nil
        }
    }

    private static func isARNHead(_ segments: ArraySlice<Substring>) -> Bool {
        guard segments.count > 3, segments[segments.startIndex] == "arn" else { return false }
        let partition = segments[segments.startIndex + 1]
        guard partition.isEmpty || partition.hasPrefix("aws") else { return false }
        let isPartition = partition.utf8.allSatisfy { self.isLetter($0) || $0 == UInt8(ascii: "-") }
        return isPartition && segments[segments.startIndex + 2] == "lambda"
    }

    private static func isNameQualifier(_ text: Substring) -> Bool {
        if text == "$LATEST" || text == "$LATEST.PUBLISHED" { return true }
        return !text.isEmpty && text.utf8.allSatisfy(self.isWordByte)
    }

    /// `(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}`
    private static func isRegion(_ text: Substring.UTF8View) -> Bool {
        var words = Substring(text).split(separator: "-", omittingEmptySubsequences: false)[...]
        if words.first == "eusc", words.count > 1 { words = words.dropFirst() }
        guard let number = words.popLast(), number.utf8.count == 1, number.utf8.allSatisfy(self.isDigit),
            let area = words.popLast(), !area.isEmpty, area.utf8.allSatisfy(self.isLowercase),
            let country = words.popFirst(), country.utf8.count == 2, country.utf8.allSatisfy(self.isLowercase)
        else { return false }
        guard let special = words.popFirst() else { return true }
        guard words.isEmpty else { return false }
        let isIso = special.hasPrefix("iso") && special.utf8.count <= 4 && special.utf8.allSatisfy(self.isLowercase)
        return special == "gov" || isIso
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    private static func isLowercase(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        self.isLowercase(byte | 0x20)
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        self.isLetter(byte) || self.isDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        self.isWordByte(byte) || byte == UInt8(ascii: ".")
    }
}
