package import NIOCore

/// Writes a JSON text straight into a buffer: documents whose strings may be megabytes, such as the event of an HTTP
/// request with its body.
package struct JSONWriter {
    /// What has been written so far.
    package private(set) var bytes: ByteBuffer
    /// Something stands before the next member or element, on the same level.
    private var needsComma = false

    /// - Parameter capacity: Bytes that are made room for at once.
    package init(capacity: Int = 1024) {
        self.bytes = ByteBuffer()
        self.bytes.reserveCapacity(capacity)
    }

    /// An object: the text itself, or an element of an array.
    package mutating func object(_ members: (inout JSONWriter) -> Void) {
        self.separate()
        self.enclose("{", "}", members)
    }

    /// A member that is an object.
    package mutating func object(_ name: StaticString, _ members: (inout JSONWriter) -> Void) {
        self.name(name)
        self.enclose("{", "}", members)
    }

    /// A member that is an array.
    package mutating func array(_ name: StaticString, _ elements: (inout JSONWriter) -> Void) {
        self.name(name)
        self.enclose("[", "]", elements)
    }

    /// A member whose name comes from outside, and whose value is an array.
    package mutating func array(named name: String, _ elements: (inout JSONWriter) -> Void) {
        self.separate()
        self.quote(name)
        self.bytes.writeStaticString(":")
        self.enclose("[", "]", elements)
    }

    /// A member that is a string, or null.
    package mutating func member(_ name: StaticString, _ value: String?) {
        self.name(name)
        guard let value else { return self.literal("null") }
        self.quote(value)
        self.needsComma = true
    }

    /// A member that is a whole number.
    package mutating func member(_ name: StaticString, _ value: Int64) {
        self.name(name)
        self.bytes.writeString(String(value))
        self.needsComma = true
    }

    /// A member that is true or false.
    package mutating func member(_ name: StaticString, _ value: Bool) {
        self.name(name)
        self.literal(value ? "true" : "false")
    }

    /// A member whose name comes from outside.
    package mutating func member(named name: String, _ value: String) {
        self.separate()
        self.quote(name)
        self.bytes.writeStaticString(":")
        self.quote(value)
        self.needsComma = true
    }

    /// A member that is a string of bytes that are known to be UTF-8.
    package mutating func member(_ name: StaticString, utf8 value: ByteBuffer) {
        self.name(name)
        self.quote(value.readableBytesView)
        self.needsComma = true
    }

    /// A member that is a string of bytes that need no escapes: base64, say.
    package mutating func member(_ name: StaticString, plain value: String) {
        self.name(name)
        self.bytes.writeStaticString("\"")
        self.bytes.writeString(value)
        self.bytes.writeStaticString("\"")
        self.needsComma = true
    }

    /// An element that is a string.
    package mutating func element(_ value: String) {
        self.separate()
        self.quote(value)
        self.needsComma = true
    }

    // MARK: Parts

    private mutating func name(_ name: StaticString) {
        self.separate()
        self.bytes.writeStaticString("\"")
        self.bytes.writeStaticString(name)
        self.bytes.writeStaticString("\":")
    }

    private mutating func separate() {
        if self.needsComma { self.bytes.writeStaticString(",") }
        self.needsComma = false
    }

    private mutating func enclose(
        _ opening: StaticString, _ closing: StaticString, _ content: (inout JSONWriter) -> Void
    ) {
        self.bytes.writeStaticString(opening)
        self.needsComma = false
        content(&self)
        self.literal(closing)
    }

    private mutating func literal(_ text: StaticString) {
        self.bytes.writeStaticString(text)
        self.needsComma = true
    }

    private mutating func quote(_ text: String) {
        var text = text
        text.withUTF8 { self.quote(UnsafeRawBufferPointer($0)) }
    }

    private mutating func quote(_ text: ByteBufferView) {
        text.withUnsafeBytes { self.quote($0) }
    }

    /// Copies what needs no escape in runs.
    private mutating func quote(_ text: UnsafeRawBufferPointer) {
        self.bytes.writeStaticString("\"")
        var start = 0
        for index in 0..<text.count {
            let byte = text[index]
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
            self.bytes.writeBytes(UnsafeRawBufferPointer(rebasing: text[start..<index]))
            self.escape(byte)
            start = index + 1
        }
        self.bytes.writeBytes(UnsafeRawBufferPointer(rebasing: text[start...]))
        self.bytes.writeStaticString("\"")
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): self.bytes.writeStaticString("\\\"")
        case UInt8(ascii: "\\"): self.bytes.writeStaticString("\\\\")
        case UInt8(ascii: "\n"): self.bytes.writeStaticString("\\n")
        case UInt8(ascii: "\r"): self.bytes.writeStaticString("\\r")
        case UInt8(ascii: "\t"): self.bytes.writeStaticString("\\t")
        default: self.bytes.writeString(JSONText.escape(UInt16(byte)))
        }
    }
}
