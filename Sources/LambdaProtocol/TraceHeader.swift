/// The X-Ray trace header: `Root=1-<8 hex>-<24 hex>;Parent=<16 hex>;Sampled=0` (contract 14).
package enum TraceHeader {
    /// What is handed to the runtime: a whole header as it came; one without `Parent` or `Sampled` completed, since SDKs
    /// refuse such a one; and a new one where none came.
    package static func complete(_ header: String?, now: EpochClock.Instant) -> String {
        guard let header, header.contains("Root=") else { return self.make(now: now) }
        var result = header
        if !header.contains("Parent=") { result += ";Parent=\(self.hex(BufferedRandom.pair().0 | 1, digits: 16))" }
        if !header.contains("Sampled=") { result += ";Sampled=0" }
        return result
    }

    package static func make(now: EpochClock.Instant) -> String {
        let seconds = UInt64(max(0, now.millisecondsSinceEpoch / 1000)) & 0xFFFF_FFFF
        let (high, low) = BufferedRandom.pair()
        let (parent, _) = BufferedRandom.pair()
        let unique = self.hex(high, digits: 8) + self.hex(low, digits: 16)
        return "Root=1-\(self.hex(seconds, digits: 8))-\(unique);Parent=\(self.hex(parent | 1, digits: 16));Sampled=0"
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)

    private static func hex(_ number: UInt64, digits: Int) -> String {
        String(unsafeUninitializedCapacity: digits) { text in
            for position in 0..<digits {
                text[position] = self.hexDigits[Int(number >> UInt64(4 * (digits - 1 - position)) & 15)]
            }
            return digits
        }
    }
}
