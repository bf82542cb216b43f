package import NIOCore

/// JSON without the white space between its tokens.
package enum JSONCompaction {
    /// Leaves out the white space; everything else stays byte for byte.
    ///
    /// - Parameter text: A JSON text, as ``JSONValidator`` has found it to be.
    package static func compact(_ text: ByteBuffer) -> ByteBuffer {
        text.withUnsafeReadableBytes { bytes in
            var result = ByteBuffer()
            result.writeWithUnsafeMutableBytes(minimumWritableBytes: bytes.count) { self.copy(bytes, to: $0) }
            return result
        }
    }

    private static func copy(_ bytes: UnsafeRawBufferPointer, to output: UnsafeMutableRawBufferPointer) -> Int {
        var count = 0
        var isInString = false
        var isEscaped = false
        for byte in bytes {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
            } else if byte <= 0x20 {
                continue
            } else if byte == UInt8(ascii: "\"") {
                isInString = true
            }
            output[count] = byte
            count += 1
        }
        return count
    }
}
