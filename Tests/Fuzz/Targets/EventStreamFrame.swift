import NIOCore

/// One frame of an event stream, read strictly: lengths and both checksums, which are computed bit by bit here.
struct EventStreamFrame {
    private(set) var bytes: [String: [UInt8]] = [:]
    private(set) var payload = ByteBuffer()

    /// The headers as text.
    var headers: [String: String] { self.bytes.mapValues { String(decoding: $0, as: UTF8.self) } }

    /// - Returns: `nil` where the bytes are not exactly one frame with string headers.
    init?(reading frame: ByteBuffer) {
        let all = Array(frame.readableBytesView)
        var rest = frame
        guard let byteCount = rest.readInteger(as: UInt32.self), Int(byteCount) == all.count,
            let headerByteCount = rest.readInteger(as: UInt32.self),
            rest.readInteger(as: UInt32.self) == Self.checksum(all.prefix(8)),
            var headers = rest.readSlice(length: Int(headerByteCount)),
            let payload = rest.readSlice(length: rest.readableBytes - 4),
            rest.readInteger(as: UInt32.self) == Self.checksum(all.dropLast(4))
        else { return nil }
        self.payload = payload
        while headers.readableBytes > 0 {
            guard let nameByteCount = headers.readInteger(as: UInt8.self),
                let name = headers.readString(length: Int(nameByteCount)), headers.readInteger(as: UInt8.self) == 7,
                let valueByteCount = headers.readInteger(as: UInt16.self),
                let value = headers.readBytes(length: Int(valueByteCount)), self.bytes[name] == nil
            else { return nil }
            self.bytes[name] = value
        }
    }

    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        ~bytes.reduce(UInt32.max) { state, byte in
            (0..<8).reduce(state ^ UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
        }
    }
}
