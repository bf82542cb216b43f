/// A frame as it stands on the wire, made and read by hand: so a fault in the product's codec cannot hide in the tests'.
package struct FakeFrame: Sendable, Equatable {
    /// 1 method, 2 header, 3 body, 8 heartbeat.
    package var type: UInt8
    /// The channel's number.
    package var channel: UInt16
    /// What stands between head and end mark.
    package var payload: [UInt8]

    /// A frame of its parts.
    package init(type: UInt8, channel: UInt16, payload: [UInt8]) {
        self.type = type
        self.channel = channel
        self.payload = payload
    }

    /// A method frame.
    package init(_ classID: UInt16, _ methodID: UInt16, on channel: UInt16, _ arguments: [UInt8] = []) {
        self.init(type: 1, channel: channel, payload: Wire.u16(classID) + Wire.u16(methodID) + arguments)
    }

    /// The class of a method or content header; 0 for another frame.
    package var classID: UInt16 {
        self.type <= 2 && self.payload.count >= 2 ? UInt16(self.payload[0]) << 8 | UInt16(self.payload[1]) : 0
    }

    /// The method; 0 for another frame.
    package var methodID: UInt16 {
        self.type == 1 && self.payload.count >= 4 ? UInt16(self.payload[2]) << 8 | UInt16(self.payload[3]) : 0
    }

    /// The arguments of a method.
    package var arguments: WireReader { WireReader(self.payload.dropFirst(4)) }

    /// The whole frame: head, payload, end mark.
    package var bytes: [UInt8] {
        [self.type] + Wire.u16(self.channel) + Wire.u32(UInt32(self.payload.count)) + self.payload + [0xCE]
    }

    /// Takes a whole frame off the front; nil where there is none yet.
    package static func take(from bytes: inout [UInt8]) -> FakeFrame? {
        guard bytes.count >= 7 else { return nil }
        let size = bytes[3...6].reduce(0) { $0 << 8 | Int($1) }
        guard bytes.count >= size + 8 else { return nil }
        let frame = FakeFrame(
            type: bytes[0], channel: UInt16(bytes[1]) << 8 | UInt16(bytes[2]), payload: Array(bytes[7..<(7 + size)]))
        bytes.removeFirst(size + 8)
        return frame
    }
}

/// The encodings of AMQP's elementary types.
package enum Wire {
    /// Two bytes, big end first.
    package static func u16(_ number: UInt16) -> [UInt8] {
        [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)]
    }

    /// Four bytes, big end first.
    package static func u32(_ number: UInt32) -> [UInt8] {
        self.u16(UInt16(number >> 16)) + self.u16(UInt16(truncatingIfNeeded: number))
    }

    /// Eight bytes, big end first.
    package static func u64(_ number: UInt64) -> [UInt8] {
        self.u32(UInt32(number >> 32)) + self.u32(UInt32(truncatingIfNeeded: number))
    }

    /// A length byte and the text.
    package static func shortString(_ text: String) -> [UInt8] {
        [UInt8(truncatingIfNeeded: text.utf8.count)] + Array(text.utf8)
    }

    /// A four-byte length and the bytes.
    package static func longString(_ bytes: [UInt8]) -> [UInt8] {
        self.u32(UInt32(bytes.count)) + bytes
    }

    /// A four-byte length and the text.
    package static func longString(_ text: String) -> [UInt8] {
        self.longString(Array(text.utf8))
    }

    /// A table of entries that are encoded already.
    package static func table(_ entries: [UInt8] = []) -> [UInt8] {
        self.longString(entries)
    }

    /// An entry of a table: its key, the letter of its type, its value encoded.
    package static func entry(_ key: String, _ letter: Character, _ value: [UInt8]) -> [UInt8] {
        self.shortString(key) + Array(String(letter).utf8) + value
    }
}

/// Reads AMQP's elementary types off the front of some bytes; what is missing reads as zero or empty.
package struct WireReader {
    private var rest: ArraySlice<UInt8>

    /// Reads these bytes.
    package init(_ bytes: ArraySlice<UInt8>) {
        self.rest = bytes
    }

    /// A number of so many bytes.
    package mutating func integer(_ byteCount: Int) -> UInt64 {
        self.bytes(byteCount).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// A length byte and that many bytes of text.
    package mutating func shortString() -> String {
        String(decoding: self.bytes(Int(self.integer(1))), as: UTF8.self)
    }

    /// A four-byte length and that many bytes.
    package mutating func longString() -> [UInt8] {
        Array(self.bytes(Int(self.integer(4))))
    }

    private mutating func bytes(_ count: Int) -> ArraySlice<UInt8> {
        let taken = self.rest.prefix(count)
        self.rest = self.rest.dropFirst(count)
        return taken
    }
}
