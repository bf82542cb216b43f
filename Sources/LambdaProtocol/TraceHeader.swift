/// The X-Ray trace header (contract 14).
package enum TraceHeader {
    /// What the runtime gets: a header with Root, Parent and Sampled.
    ///
    /// SDKs refuse one without Parent or Sampled outside of AWS, so these are added (contract 14.2). Pairs that nobody
    /// knows are kept. What is no trace header (too long, no Root, bytes that do not belong there) is replaced.
    ///
    /// - Parameters:
    ///   - incoming: The caller's header.
    ///   - context: The caller's trace in the words of the W3C, which goes on where there is no trace header.
    ///   - now: For a new Root.
    package static func complete(_ incoming: String?, context: TraceContext? = nil, now: EpochClock.Instant) -> String {
        guard let incoming, self.isAcceptable(incoming) else { return context?.traceHeader ?? self.make(now: now) }
        var keys = Keys()
        for pair in incoming.utf8.split(separator: UInt8(ascii: ";")) { keys.note(pair) }
        guard keys.root else { return context?.traceHeader ?? self.make(now: now) }
        var header = incoming
        if !keys.parent { header += ";Parent=" + self.sixteenDigits(BufferedRandom.pair().0) }
        if !keys.sampled { header += ";Sampled=0" }
        return header
    }

    /// A new trace: `Root=1-<8 hex>-<24 hex>;Parent=<16 hex>;Sampled=0`.
    package static func make(now: EpochClock.Instant) -> String {
        let (first, third) = BufferedRandom.pair()
        let parent = BufferedRandom.pair().0
        let seconds = UInt32(truncatingIfNeeded: now.millisecondsSinceEpoch / 1000)
        // In one piece: every invocation without a trace of its own gets one.
        return String(unsafeUninitializedCapacity: 80) { output in
            var writer = Writer(output: output)
            writer.write("Root=1-")
            writer.writeHex(seconds)
            writer.write("-")
            writer.writeHex(UInt32(truncatingIfNeeded: third))
            writer.writeHex(UInt32(truncatingIfNeeded: first >> 32))
            writer.writeHex(UInt32(truncatingIfNeeded: first))
            writer.write(";Parent=")
            writer.writeHex(UInt32(truncatingIfNeeded: parent >> 32))
            writer.writeHex(UInt32(truncatingIfNeeded: parent))
            writer.write(";Sampled=0")
            return writer.count
        }
    }

    private struct Writer {
        let output: UnsafeMutableBufferPointer<UInt8>
        var count = 0

        mutating func write(_ text: StaticString) {
            guard let base = self.output.baseAddress else { return }
            UnsafeMutableRawPointer(base + self.count).copyMemory(
                from: text.utf8Start, byteCount: text.utf8CodeUnitCount)
            self.count += text.utf8CodeUnitCount
        }

        mutating func writeHex(_ value: UInt32) {
            guard let base = self.output.baseAddress else { return }
            HexDigits.write(value, to: base + self.count)
            self.count += 8
        }
    }

    /// Room is left for what may have to be added, so that the whole stays within 256.
    private static func isAcceptable(_ header: String) -> Bool {
        let isText = header.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f }
        return isText && header.utf8.count <= 256 - ";Parent=0123456789abcdef;Sampled=0".utf8.count
    }

    private static func sixteenDigits(_ value: UInt64) -> String {
        String(unsafeUninitializedCapacity: 16) { output in
            var writer = Writer(output: output)
            writer.writeHex(UInt32(truncatingIfNeeded: value >> 32))
            writer.writeHex(UInt32(truncatingIfNeeded: value))
            return writer.count
        }
    }

    /// Which of the keys that matter a header has.
    private struct Keys {
        var root = false
        var parent = false
        var sampled = false

        mutating func note(_ pair: Substring.UTF8View) {
            let pair = pair.drop { $0 == UInt8(ascii: " ") }
            if pair.starts(with: "Root=".utf8) { self.root = true }
            if pair.starts(with: "Parent=".utf8) { self.parent = true }
            if pair.starts(with: "Sampled=".utf8) { self.sampled = true }
        }
    }
}
