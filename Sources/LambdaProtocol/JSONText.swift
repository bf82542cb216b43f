/// Writes small JSON texts: error documents and log lines, whose members have a fixed order.
package enum JSONText {
    /// A string as a JSON string, with its quotation marks (RFC 8259, 7).
    package static func string(_ text: String) -> String {
        var result = "\""
        result.reserveCapacity(text.utf8.count + 2)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20: result += self.escape(UInt16(scalar.value))
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// An object of members whose values are JSON texts already.
    package static func object(_ members: [(String, String)]) -> String {
        "{" + members.map { "\(self.string($0.0)):\($0.1)" }.joined(separator: ",") + "}"
    }

    /// `\uXXXX`.
    static func escape(_ unit: UInt16) -> String {
        let digits = String(unit, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
