/// Hexadecimal digits.
package enum HexDigits {
    /// What a digit of either case is worth; `nil` for other bytes.
    package static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): return digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): return digit - UInt8(ascii: "A") + 10
        default: return nil
        }
    }

    /// The lower-case digit of the lowest four bits.
    package static func digit(_ value: UInt64) -> UInt8 {
        let number = UInt8(truncatingIfNeeded: value & 0xf)
        return number < 10 ? UInt8(ascii: "0") + number : UInt8(ascii: "a") - 10 + number
    }

    /// Two lower-case digits for each byte.
    package static func text(_ bytes: some Sequence<UInt8>) -> String {
        var digits: [UInt8] = []
        for byte in bytes {
            digits.append(self.digit(UInt64(byte >> 4)))
            digits.append(self.digit(UInt64(byte)))
        }
        return String(decoding: digits, as: UTF8.self)
    }

    /// The eight lower-case digits of a number, in the order in which they stand in memory.
    ///
    /// All at once: half a dozen operations on one word instead of a loop of eight.
    static func eightDigits(_ value: UInt32) -> UInt64 {
        var word = UInt64(value)
        // Spreads the digits over the bytes, the highest one first.
        word = (word & 0xFFFF) << 32 | word >> 16
        word = (word & 0x0000_00FF_0000_00FF) << 16 | (word & 0x0000_FF00_0000_FF00) >> 8
        word = (word & 0x000F_000F_000F_000F) << 8 | (word & 0x00F0_00F0_00F0_00F0) >> 4
        // One in each byte that holds ten or more.
        let letters = (word + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return (word + 0x3030_3030_3030_3030 + letters * 0x27).littleEndian
    }

    /// Writes the eight lower-case digits of a number.
    static func write(_ value: UInt32, to output: UnsafeMutablePointer<UInt8>) {
        UnsafeMutableRawPointer(output).storeBytes(of: self.eightDigits(value), as: UInt64.self)
    }
}
