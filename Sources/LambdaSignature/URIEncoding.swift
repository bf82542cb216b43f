import LambdaProtocol

/// Percent-encoding as signatures want it: all but RFC 3986's unreserved characters, with capital digits.
enum URIEncoding {
    /// Encodes each byte that is not unreserved.
    ///
    /// - Parameter keepsSlash: In paths slashes stay.
    static func encode(_ bytes: some Sequence<UInt8>, keepsSlash: Bool = false) -> String {
        var result: [UInt8] = []
        for byte in bytes {
            if self.isUnreserved(byte) || (keepsSlash && byte == UInt8(ascii: "/")) {
                result.append(byte)
            } else {
                result.append(UInt8(ascii: "%"))
                result.append(self.digit(byte >> 4))
                result.append(self.digit(byte & 15))
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Decodes what can be decoded; a `%` without two digits behind it stands for itself, a `+` too.
    static func decode(_ text: some StringProtocol) -> [UInt8] {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
                let high = HexDigits.value(of: bytes[index + 1]), let low = HexDigits.value(of: bytes[index + 2])
            {
                result.append(high << 4 | low)
                index += 3
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return result
    }

    /// What a client may have encoded or not, encoded as it should be.
    static func normalize(_ text: some StringProtocol) -> String {
        self.encode(self.decode(text))
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") - 10 + value
    }
}
