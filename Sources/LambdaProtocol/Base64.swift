/// Base64 with the standard alphabet (RFC 4648, section 4). Our own, so that the daemon needs no Foundation for it.
package enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: .max, count: 256)
        for (value, character) in Base64.alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()

    /// Encodes, with padding and without line breaks.
    package static func encode(_ bytes: UnsafeRawBufferPointer) -> String {
        let byteCount = (bytes.count + 2) / 3 * 4
        return String(unsafeUninitializedCapacity: byteCount) { output in
            var position = 0
            for start in stride(from: 0, to: bytes.count, by: 3) {
                let left = bytes.count - start
                let group =
                    UInt32(bytes[start]) << 16 | (left > 1 ? UInt32(bytes[start + 1]) << 8 : 0)
                    | (left > 2 ? UInt32(bytes[start + 2]) : 0)
                output[position] = self.alphabet[Int(group >> 18)]
                output[position + 1] = self.alphabet[Int(group >> 12 & 63)]
                output[position + 2] = left > 1 ? self.alphabet[Int(group >> 6 & 63)] : UInt8(ascii: "=")
                output[position + 3] = left > 2 ? self.alphabet[Int(group & 63)] : UInt8(ascii: "=")
                position += 4
            }
            return position
        }
    }

    /// Encodes bytes.
    package static func encode(_ bytes: some Sequence<UInt8>) -> String {
        bytes.withContiguousStorageIfAvailable { self.encode(UnsafeRawBufferPointer($0)) }
            ?? Array(bytes).withUnsafeBytes { self.encode($0) }
    }

    /// Decodes. Padding may be missing altogether; anything else that is not base64 gives `nil`.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var characters = Substring(text).utf8
        if characters.last == UInt8(ascii: "=") {
            guard characters.count.isMultiple(of: 4) else { return nil }
            characters = characters.dropLast()
            if characters.last == UInt8(ascii: "=") { characters = characters.dropLast() }
        }
        guard characters.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(characters.count * 3 / 4)
        var bits: UInt32 = 0
        var bitCount = 0
        for character in characters {
            let value = self.values[Int(character)]
            guard value < 64 else { return nil }
            bits = bits << 6 | UInt32(value)
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
            }
        }
        // Bits that belong to no byte must be zero, or two texts would stand for the same bytes.
        return bits & (1 << UInt32(bitCount) - 1) == 0 ? bytes : nil
    }
}
