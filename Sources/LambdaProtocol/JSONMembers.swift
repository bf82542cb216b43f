package import NIOCore

/// The members of a JSON object as slices of its text: a response may be megabytes of which only a few members matter.
package struct JSONMembers {
    /// A member: its name, and the text of its value.
    package struct Member: Sendable, Equatable {
        package let name: String
        package let value: ByteBuffer
    }

    /// In the order of the text, repeated names included.
    package let all: [Member]

    /// Takes an object apart; only its outermost level is looked at.
    ///
    /// - Parameter text: A JSON text, as ``JSONValidator`` has found it to be.
    /// - Returns: `nil` for a text that is no object.
    package init?(_ text: ByteBuffer) {
        var members: [Member]? = []
        text.withUnsafeReadableBytes { bytes in
            var walker = JSONWalker(bytes: bytes)
            members = walker.members { name, value in
                guard let name = text.slice(name), let value = text.slice(value),
                    case .success(.string(let name)) = JSONValue.parse(name)
                else { return nil }
                return Member(name: name, value: value)
            }
        }
        guard let members else { return nil }
        self.all = members
    }

    /// The elements of an array, each as its text.
    ///
    /// - Parameter text: A JSON text, as ``JSONValidator`` has found it to be.
    /// - Returns: `nil` for a text that is no array.
    package static func elements(_ text: ByteBuffer) -> [ByteBuffer]? {
        text.withUnsafeReadableBytes { bytes in
            var walker = JSONWalker(bytes: bytes)
            return walker.elements { text.slice($0) }
        }
    }

    /// The text of a member's value; with repeated names the last one counts.
    package subscript(name: String) -> ByteBuffer? {
        self.all.last { $0.name == name }?.value
    }
}

extension ByteBuffer {
    fileprivate func slice(_ range: Range<Int>) -> ByteBuffer? {
        self.getSlice(at: self.readerIndex + range.lowerBound, length: range.count)
    }
}

/// Walks over a text that is known to be JSON, without building anything. Does not recurse.
private struct JSONWalker {
    let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    mutating func members<Member>(_ make: (Range<Int>, Range<Int>) -> Member?) -> [Member]? {
        guard self.token() == UInt8(ascii: "{") else { return nil }
        self.position += 1
        var members: [Member] = []
        while let token = self.token(), token != UInt8(ascii: "}") {
            if token == UInt8(ascii: ",") { self.position += 1 }
            _ = self.token()
            let name = self.value()
            _ = self.token()
            self.position += 1
            _ = self.token()
            guard let member = make(name, self.value()) else { return nil }
            members.append(member)
        }
        return members
    }

    mutating func elements<Element>(_ make: (Range<Int>) -> Element?) -> [Element]? {
        guard self.token() == UInt8(ascii: "[") else { return nil }
        self.position += 1
        var elements: [Element] = []
        while let token = self.token(), token != UInt8(ascii: "]") {
            if token == UInt8(ascii: ",") { self.position += 1 }
            _ = self.token()
            guard let element = make(self.value()) else { return nil }
            elements.append(element)
        }
        return elements
    }

    /// Skips white space, and looks at the next byte.
    private mutating func token() -> UInt8? {
        while self.position < self.bytes.count, self.bytes[self.position] <= 0x20 { self.position += 1 }
        return self.position < self.bytes.count ? self.bytes[self.position] : nil
    }

    /// Skips the value that begins here.
    private mutating func value() -> Range<Int> {
        let start = self.position
        var depth = 0
        while self.position < self.bytes.count {
            switch self.bytes[self.position] {
            case UInt8(ascii: "\""): self.skipString()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                self.position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                // The end of what this value stands in.
                if depth == 0 { return start..<self.position }
                depth -= 1
                self.position += 1
            case UInt8(ascii: ","), UInt8(ascii: ":"), 0...0x20:
                if depth == 0 { return start..<self.position }
                self.position += 1
            default: self.position += 1
            }
            if depth == 0, self.isEnd(ofValueFrom: start) { return start..<self.position }
        }
        return start..<self.position
    }

    /// A string, an object or an array ends with its last byte, anything else with what follows it.
    private func isEnd(ofValueFrom start: Int) -> Bool {
        switch self.bytes[start] {
        case UInt8(ascii: "\""), UInt8(ascii: "{"), UInt8(ascii: "["): true
        default: false
        }
    }

    private mutating func skipString() {
        self.position += 1
        while self.position < self.bytes.count, self.bytes[self.position] != UInt8(ascii: "\"") {
            self.position += self.bytes[self.position] == UInt8(ascii: "\\") ? 2 : 1
        }
        self.position = min(self.position + 1, self.bytes.count)
    }
}
