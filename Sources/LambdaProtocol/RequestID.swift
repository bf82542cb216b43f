/// The id of an invocation: a random UUID (RFC 9562, version 4) in lower case.
package enum RequestID {
    private static let digits = Array("0123456789abcdef".utf8)

    package static func make() -> String {
        let (high, low) = BufferedRandom.pair()
        return self.make(high: high, low: low)
    }

    package static func make(high: UInt64, low: UInt64) -> String {
        let high = high & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        let low = low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        return String(unsafeUninitializedCapacity: 36) { text in
            var index = 0
            for position in 0..<32 {
                if position == 8 || position == 12 || position == 16 || position == 20 {
                    text[index] = UInt8(ascii: "-")
                    index += 1
                }
                let word = position < 16 ? high : low
                text[index] = self.digits[Int(word >> UInt64(60 - 4 * (position % 16)) & 15)]
                index += 1
            }
            return 36
        }
    }

    /// Whether a text is a UUID in lower-case hexadecimal, and so may be a request id as it is.
    package static func isValid(_ text: some StringProtocol) -> Bool {
        guard text.utf8.count == 36 else { return false }
        for (index, byte) in text.utf8.enumerated() {
            switch index {
            case 8, 13, 18, 23: guard byte == UInt8(ascii: "-") else { return false }
            default:
                guard (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) else { return false }
            }
        }
        return true
    }
}
