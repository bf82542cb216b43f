/// Writes the fields of a response's head.
package struct HTTPFieldWriter {
    private(set) var text: TextWriter

    init(_ text: TextWriter) {
        self.text = text
    }

    /// Writes a field. A line break or another control in its value becomes a space: values may come from a queue or from
    /// a runtime, and must not begin another field.
    package mutating func field(_ name: StaticString, _ value: String) {
        self.text.write(name)
        self.endField(value)
    }

    /// Writes a field. A line break in its value becomes a space.
    package mutating func field(_ name: String, _ value: String) {
        self.text.write(name)
        self.endField(value)
    }

    /// Writes a field with a number.
    package mutating func field(_ name: StaticString, _ value: Int64) {
        self.text.write(name)
        self.text.write(": ")
        self.text.write(decimal: value)
        self.text.write("\r\n")
    }

    private mutating func endField(_ value: String) {
        self.text.write(": ")
        let start = self.text.byteCount
        self.text.write(value)
        if self.text.fits { self.replaceControls(from: start) }
        self.text.write("\r\n")
    }

    /// Looks at eight bytes at a time: hardly any value has a control in it.
    private func replaceControls(from start: Int) {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var index = start
        while index + 8 <= self.text.byteCount {
            let word = self.text.memory.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let deletes = word ^ (ones &* 0x7F)
            // The high bit of each byte that is below 0x20, or is 0x7F (and of some behind such a byte, which does no harm).
            let controls = (word &- (ones &* 0x20)) & ~word | (deletes &- ones) & ~deletes
            if controls & (ones &* 0x80) != 0 { break }
            index += 8
        }
        while index < self.text.byteCount {
            let byte = self.text.memory[index]
            if byte < 0x20 && byte != UInt8(ascii: "\t") || byte == 0x7F { self.text.memory[index] = UInt8(ascii: " ") }
            index += 1
        }
    }
}
