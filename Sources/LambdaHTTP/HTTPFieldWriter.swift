import NIOCore

/// Writes the fields of a response's head straight into memory.
///
/// A head is many short pieces, and each write to a `ByteBuffer` pays for its checks anew; here they are paid for once.
/// What does not fit is only counted, so that the caller can make room and write again.
package struct HTTPFieldWriter {
    private let memory: UnsafeMutableRawBufferPointer
    /// The bytes written, and those that found no room.
    private(set) var byteCount = 0

    init(memory: UnsafeMutableRawBufferPointer) {
        self.memory = memory
    }

    var fits: Bool { self.byteCount <= self.memory.count }

    /// Writes a field. A line break or another control in its value becomes a space: values may come from a queue or from
    /// a runtime, and must not begin another field.
    package mutating func field(_ name: StaticString, _ value: String) {
        self.write(name)
        self.endField(value)
    }

    /// Writes a field. A line break in its value becomes a space.
    package mutating func field(_ name: String, _ value: String) {
        self.write(name)
        self.endField(value)
    }

    /// Writes a field with a number.
    package mutating func field(_ name: StaticString, _ value: Int64) {
        self.write(name)
        self.write(": ")
        self.write(decimal: value)
        self.write("\r\n")
    }

    private mutating func endField(_ value: String) {
        self.write(": ")
        let start = self.byteCount
        self.write(value)
        if self.fits { self.replaceControls(from: start) }
        self.write("\r\n")
    }

    mutating func write(_ text: StaticString) {
        self.write(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func write(_ text: String) {
        // As good as every string has its bytes at hand, without a copy to be counted.
        let isWritten: Void? = text.utf8.withContiguousStorageIfAvailable { self.write(UnsafeRawBufferPointer($0)) }
        if isWritten != nil { return }
        var text = text
        text.withUTF8 { self.write(UnsafeRawBufferPointer($0)) }
    }

    mutating func write(decimal value: Int64) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var rest = value.magnitude
            var start = 20
            repeat {
                start -= 1
                digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            if value < 0 { self.write("-") }
            self.write(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(digits)[start...]))
        }
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer) {
        let start = self.byteCount
        self.byteCount += bytes.count
        guard self.fits, let source = bytes.baseAddress, let target = self.memory.baseAddress else { return }
        (target + start).copyMemory(from: source, byteCount: bytes.count)
    }

    /// Looks at eight bytes at a time: hardly any value has a control in it.
    private func replaceControls(from start: Int) {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var index = start
        while index + 8 <= self.byteCount {
            let word = self.memory.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let deletes = word ^ (ones &* 0x7F)
            // The high bit of each byte that is below 0x20, or is 0x7F (and of some behind such a byte, which does no harm).
            let controls = (word &- (ones &* 0x20)) & ~word | (deletes &- ones) & ~deletes
            if controls & (ones &* 0x80) != 0 { break }
            index += 8
        }
        while index < self.byteCount {
            let byte = self.memory[index]
            if byte < 0x20 && byte != UInt8(ascii: "\t") || byte == 0x7F { self.memory[index] = UInt8(ascii: " ") }
            index += 1
        }
    }
}
