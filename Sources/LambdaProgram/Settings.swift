import Glibc

/// Reads settings from environment variables: strict, since a value that cannot be read is an error and never the
/// default. An empty variable counts as absent.
package struct Settings: Sendable {
    private let variables: [String: String]

    /// - Parameter variables: The environment.
    package init(_ variables: [String: String]) {
        self.variables = variables
    }

    /// The environment of this process.
    package static func processEnvironment() -> [String: String] {
        var result: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let parts = String(cString: entry).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { result[String(parts[0])] = String(parts[1]) }
            next += 1
        }
        return result
    }

    /// The value as it stands; `nil` where it is not set.
    package func text(_ name: String) -> String? {
        guard let value = self.variables[name], !value.isEmpty else { return nil }
        return value
    }

    /// A whole number within a range.
    package func integer(_ name: String, default fallback: Int, in range: ClosedRange<Int>) throws(SettingError) -> Int {
        guard let text = self.text(name) else { return fallback }
        guard let number = Int(text), range.contains(number) else {
            throw SettingError(
                name, "'\(text)' is not a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// `true`, `1`, `yes`, `on`, or the opposite.
    package func boolean(_ name: String, default fallback: Bool) throws(SettingError) -> Bool {
        guard let text = self.text(name) else { return fallback }
        switch text.lowercased() {
        case "true", "1", "yes", "on": return true
        case "false", "0", "no", "off": return false
        default: throw SettingError(name, "'\(text)' is neither true nor false")
        }
    }

    /// A secret: from the variable, or from the file that `<name>_FILE` names. Never printed.
    package func secret(_ name: String) throws(SettingError) -> String? {
        let fileName = name + "_FILE"
        guard let path = self.text(fileName) else { return self.text(name) }
        guard self.text(name) == nil else { throw SettingError(fileName, "\(name) is set, too; only one of them may be") }
        guard var content = String(validating: try SmallFile.read(path, for: fileName), as: UTF8.self) else {
            throw SettingError(fileName, "the file \(path) is no text in UTF-8")
        }
        while content.hasSuffix("\n") || content.hasSuffix("\r\n") { content.removeLast() }
        return content
    }
}
