/// The type of an error that a runtime has posted, as reports and telemetry tell of it (contract 4.5).
///
/// It classifies and nothing else: what the caller gets is the runtime's document, untouched.
enum PostedErrorType {
    /// Longer ones are not passed on.
    private static let maxByteCount = 128

    /// - Parameter type: What the runtime said; `nil` when it said nothing, as Go, Python and Node do.
    /// - Returns: The same where it has the form `Runtime.Name` or `Function.Name` anywhere in it, else an unknown one.
    static func told(_ type: String?) -> String {
        guard let type else { return "Runtime.Unknown" }
        if self.isNamed(Array(type.utf8.prefix(self.maxByteCount + 1))) { return type }
        return type.hasPrefix("Function.") ? "Function.Unknown" : "Runtime.Unknown"
    }

    /// `(Runtime|Function)\.[A-Z][a-zA-Z]+`, unanchored as AWS has it; and visible, since it stands in log lines.
    private static func isNamed(_ type: [UInt8]) -> Bool {
        guard type.count <= self.maxByteCount, type.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return false }
        return type.indices.contains { dot in
            guard type[dot] == UInt8(ascii: "."), dot + 2 < type.count else { return false }
            let kind = type[..<dot]
            return (kind.ends(with: "Runtime") || kind.ends(with: "Function"))
                && (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(type[dot + 1]) && Self.isLetter(type[dot + 2])
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}

extension ArraySlice<UInt8> {
    fileprivate func ends(with text: StaticString) -> Bool {
        self.suffix(text.utf8CodeUnitCount).elementsEqual(
            UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
