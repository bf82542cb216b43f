/// The id of an invocation: a random UUID (RFC 9562, version 4) in lower case.
package enum RequestID {
    /// A random one.
    package static func make() -> String {
        let (high, low) = BufferedRandom.pair()
        return self.make(high: high, low: low)
    }

    /// The one with these random bits.
    package static func make(high: UInt64, low: UInt64) -> String {
        let high = high & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        let low = low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        return String(unsafeUninitializedCapacity: 36) { text in
            guard let base = text.baseAddress else { return 0 }
            // 8-4-4-4-12: eight digits at a time, of which four are moved once more to make room for a hyphen.
            HexDigits.write(UInt32(truncatingIfNeeded: high >> 32), to: base)
            HexDigits.write(UInt32(truncatingIfNeeded: high), to: base + 9)
            HexDigits.write(UInt32(truncatingIfNeeded: low >> 32), to: base + 19)
            HexDigits.write(UInt32(truncatingIfNeeded: low), to: base + 28)
            let raw = UnsafeMutableRawPointer(base)
            for index in stride(from: 13, through: 23, by: 10) {
                let digits = raw.loadUnaligned(fromByteOffset: index, as: UInt32.self)
                raw.storeBytes(of: digits, toByteOffset: index + 1, as: UInt32.self)
            }
            for index in stride(from: 8, through: 23, by: 5) { base[index] = UInt8(ascii: "-") }
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
