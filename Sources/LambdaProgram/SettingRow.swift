/// An environment variable that a program reads, as `--help` and the README show it; a test compares the two.
package struct SettingRow: Sendable {
    let name: String
    let fallback: String
    let meaning: String

    /// - Parameters:
    ///   - name: The variable.
    ///   - fallback: What holds where it is not set.
    ///   - meaning: What it says.
    package init(name: String, fallback: String, meaning: String) {
        self.name = name
        self.fallback = fallback
        self.meaning = meaning
    }

    /// The lines of `--help`: `NAME   meaning (default)`.
    package static func text(_ rows: [SettingRow]) -> String {
        rows.map { row in
            let name = row.name + String(repeating: " ", count: max(1, 34 - row.name.count))
            return "  \(name)\(row.meaning) (\(row.fallback))"
        }.joined(separator: "\n")
    }
}
