package import NIOCore

/// Writes text that is many short pieces straight into memory.
///
/// Each write to a `ByteBuffer` pays for its checks anew; here they are paid for once. What does not fit is only counted, so
/// that the caller can make room and write again: ``NIOCore/ByteBuffer/writeText(usualByteCount:_:)``.
package struct TextWriter {
    let memory: UnsafeMutableRawBufferPointer
    /// The bytes written, and those that found no room.
    private(set) var byteCount = 0

    init(memory: UnsafeMutableRawBufferPointer) {
        self.memory = memory
    }

    var fits: Bool { self.byteCount <= self.memory.count }

    package mutating func write(_ text: StaticString) {
        self.write(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    package mutating func write(_ text: String) {
        // As good as every string has its bytes at hand, without a copy to be counted.
        let isWritten: Void? = text.utf8.withContiguousStorageIfAvailable { self.write(UnsafeRawBufferPointer($0)) }
        if isWritten != nil { return }
        var text = text
        text.withUTF8 { self.write(UnsafeRawBufferPointer($0)) }
    }

    /// Writes a number in decimal digits.
    package mutating func write(decimal value: Int64) {
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
}

extension ByteBuffer {
    /// Appends text.
    ///
    /// - Parameters:
    ///   - usualByteCount: As many bytes as are enough in all but rare cases.
    ///   - body: Writes the text; called again when there was no room.
    package mutating func writeText(usualByteCount: Int, _ body: (inout TextWriter) -> Void) {
        var needed = usualByteCount
        var isWritten = false
        while !isWritten {
            self.writeWithUnsafeMutableBytes(minimumWritableBytes: needed) { memory in
                var writer = TextWriter(memory: memory)
                body(&writer)
                needed = writer.byteCount
                isWritten = writer.fits
                return isWritten ? writer.byteCount : 0
            }
        }
    }
}
