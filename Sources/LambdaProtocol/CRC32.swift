package import NIOCore

/// The CRC-32 of zlib and Ethernet (polynomial 0xEDB88320, reflected), as event-stream frames carry it (contract 2.2).
package struct CRC32 {
    /// Eight tables of 256: the n-th is for a byte that is followed by n zero bytes, so that eight bytes are one step.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var value = UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
            tables[byte] = value
        }
        for index in 256..<tables.count {
            let shorter = tables[index - 256]
            tables[index] = shorter >> 8 ^ tables[Int(shorter & 0xFF)]
        }
        return tables
    }()

    private var state: UInt32 = 0xFFFF_FFFF

    /// The checksum of no bytes.
    package init() {}

    /// The checksum of all bytes so far.
    package var value: UInt32 { ~self.state }

    /// Adds bytes.
    package mutating func update(_ bytes: ByteBufferView) {
        bytes.withUnsafeBytes { self.update($0) }
    }

    /// Adds bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        self.state = Self.tables.withUnsafeBufferPointer { Self.advance(self.state, over: bytes, $0) }
    }

    private static func advance(
        _ start: UInt32, over bytes: UnsafeRawBufferPointer, _ tables: UnsafeBufferPointer<UInt32>
    ) -> UInt32 {
        var state = start
        var offset = 0
        while offset + 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let mixed = word ^ UInt64(state)
            state = 0
            for position in 0..<8 {
                let byte = Int(truncatingIfNeeded: mixed >> UInt64(8 * position) & 0xFF)
                state ^= tables[(7 - position) * 256 + byte]
            }
            offset += 8
        }
        for byte in bytes[offset...] { state = state >> 8 ^ tables[Int(UInt8(truncatingIfNeeded: state) ^ byte)] }
        return state
    }
}
