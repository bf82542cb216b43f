/// The trace context of the W3C, which callers outside of AWS have: carried along with an invocation.
///
/// A runtime is told of X-Ray's header only (contract 4.2), so a trace that a caller has begun goes on there: the same
/// 32 digits, in AWS's form.
///
/// Source: W3C, "Trace Context", level 1, sections 3.2 and 3.3.
package struct TraceContext: Sendable, Equatable {
    /// `00-<32 hex>-<16 hex>-<2 hex>`, valid.
    package let traceparent: String
    /// What vendors have to say, as it came.
    package let tracestate: String?

    private static let maxTracestateByteCount = 512

    /// Takes a caller's headers.
    ///
    /// - Returns: `nil` without a `traceparent` that is valid: then there is no trace, whatever `tracestate` says.
    package init?(traceparent: String?, tracestate: String?) {
        guard let traceparent, Self.isValid(traceparent) else { return nil }
        self.traceparent = traceparent
        self.tracestate = tracestate.flatMap { state in
            let isText = state.utf8.allSatisfy { (0x20..<0x7F).contains($0) || $0 == 0x09 }
            return !state.isEmpty && isText && state.utf8.count <= Self.maxTracestateByteCount ? state : nil
        }
    }

    /// X-Ray's header for the same trace: `Root=1-<8 hex>-<24 hex>;Parent=<16 hex>;Sampled=<0|1>`.
    package var traceHeader: String {
        let text = Array(self.traceparent.utf8)
        func part(_ range: Range<Int>) -> String { String(decoding: text[range], as: UTF8.self) }
        let isSampled = HexDigits.value(of: text[54]).map { $0 & 1 == 1 } ?? false
        return "Root=1-\(part(3..<11))-\(part(11..<35));Parent=\(part(36..<52));Sampled=\(isSampled ? 1 : 0)"
    }

    private static func isValid(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        // A later version may have more behind what this one has.
        guard bytes.count == 55 || (bytes.count > 55 && bytes.count <= 256 && bytes[55] == UInt8(ascii: "-")) else {
            return false
        }
        let version = bytes[0..<2]
        guard bytes[2] == UInt8(ascii: "-"), bytes[35] == UInt8(ascii: "-"), bytes[52] == UInt8(ascii: "-"),
            [version, bytes[3..<35], bytes[36..<52], bytes[53..<55]].allSatisfy({ $0.allSatisfy(self.isHexDigit) }),
            !version.elementsEqual("ff".utf8), bytes.count == 55 || !version.elementsEqual("00".utf8)
        else { return false }
        let zero = UInt8(ascii: "0")
        return bytes.allSatisfy({ (0x21..<0x7F).contains($0) }) && !bytes[3..<35].allSatisfy({ $0 == zero })
            && !bytes[36..<52].allSatisfy({ $0 == zero })
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
    }
}
