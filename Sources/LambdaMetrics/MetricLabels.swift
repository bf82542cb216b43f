/// The labels of a sample, as they stand between the braces.
///
/// Values come from outside, and are escaped as the text format wants it; names are ours.
package struct MetricLabels: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    /// `a="1",b="2"`.
    let text: String

    /// No labels.
    package static let none: MetricLabels = [:]

    private init(text: String) {
        self.text = text
    }

    package init(dictionaryLiteral pairs: (String, String)...) {
        self.init(text: pairs.map { "\($0)=\"\(Self.escape($1))\"" }.joined(separator: ","))
    }

    /// These, and others behind them.
    package func and(_ other: MetricLabels) -> MetricLabels {
        if self.text.isEmpty { return other }
        return other.text.isEmpty ? self : MetricLabels(text: self.text + "," + other.text)
    }

    private static func escape(_ value: String) -> String {
        var result = ""
        result.reserveCapacity(value.utf8.count)
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
