/// Plain decimal numbers: digits only, where `Int(_:)` would take a sign, and `Double(_:)` "nan" and hexadecimal.
enum DecimalText {
    /// A whole number in a range; nil for anything else.
    static func integer(_ digits: some Collection<UInt8>, in range: ClosedRange<Int>) -> Int? {
        guard !digits.isEmpty else { return nil }
        var number = 0
        for digit in digits {
            guard case UInt8(ascii: "0")...UInt8(ascii: "9") = digit else { return nil }
            number = number * 10 + Int(digit - UInt8(ascii: "0"))
            guard number <= range.upperBound else { return nil }
        }
        return number >= range.lowerBound ? number : nil
    }

    /// Seconds such as `2`, `0.25` or `.5`, up to a day and to nine decimals; nil for anything else.
    static func seconds(_ text: some Collection<UInt8>) -> Duration? {
        let parts = text.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, !(whole.isEmpty && parts.count == 1) else { return nil }
        guard let seconds = whole.isEmpty ? 0 : self.integer(whole, in: 0...86400) else { return nil }
        guard parts.count == 2 else { return .seconds(seconds) }
        let decimals = Array(parts[1])
        guard (1...9).contains(decimals.count) else { return nil }
        let padded = decimals + Array(repeating: UInt8(ascii: "0"), count: 9 - decimals.count)
        guard let nanoseconds = self.integer(padded, in: 0...999_999_999) else { return nil }
        return .seconds(seconds) + .nanoseconds(nanoseconds)
    }
}
