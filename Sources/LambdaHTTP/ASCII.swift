internal import Glibc

/// What bytes of a head may be (RFC 9110, section 5.6.2; RFC 9112).
enum ASCII {
    static let space = UInt8(ascii: " ")
    static let tab = UInt8(ascii: "\t")
    static let carriageReturn = UInt8(ascii: "\r")
    static let lineFeed = UInt8(ascii: "\n")

    static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }

    /// The bytes of a token, as a set of bits: digits, letters and ``!#$%&'*+-.^_`|~``.
    static func isToken(_ byte: UInt8) -> Bool {
        guard byte < 128 else { return false }
        let set: UInt64 = byte < 64 ? 0x03FF_6CFA_0000_0000 : 0x57FF_FFFF_C7FF_FFFE
        return set >> UInt64(byte & 63) & 1 != 0
    }

    /// Whether a field's value may hold it: no control but the tab.
    static func isFieldValue(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != 0x7F || byte == self.tab
    }

    /// Whether it may stand between scheme and path: host, port, user (RFC 3986, section 3.2, without sub-delimiters).
    static func isAuthority(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: ":"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: "~"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "%"), UInt8(ascii: "@"):
            true
        default: false
        }
    }

    /// Whether a request's target may hold it: what is visible, without fragments (RFC 9112, section 3.2).
    static func isTarget(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "#")
    }
}

extension UnsafeRawBufferPointer {
    /// Compares ASCII texts, whatever the case of either.
    func isCaseInsensitivelyEqual(to other: UnsafeRawBufferPointer) -> Bool {
        guard self.count == other.count else { return false }
        for index in 0..<self.count where ASCII.lowercased(self[index]) != ASCII.lowercased(other[index]) {
            return false
        }
        return true
    }

    func isCaseInsensitivelyEqual(to text: StaticString) -> Bool {
        self.isCaseInsensitivelyEqual(
            to: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    func part(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[range])
    }

    /// A loop over indices, which the optimiser makes more of than of `allSatisfy`.
    @inline(__always)
    func holdsOnly(_ isAllowed: (UInt8) -> Bool) -> Bool {
        for index in 0..<self.count where !isAllowed(self[index]) { return false }
        return true
    }

    func firstIndex(of byte: UInt8, from start: Int) -> Int? {
        guard start < self.count, let base = self.baseAddress,
            let found = memchr(base + start, Int32(byte), self.count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }
}

extension String {
    /// Compares with an ASCII text, whatever the case of either.
    func isCaseInsensitivelyEqual(to text: StaticString) -> Bool {
        var copy = self
        return copy.withUTF8 { UnsafeRawBufferPointer($0).isCaseInsensitivelyEqual(to: text) }
    }
}
