import NIOCore

/// The bytes of one run, taken apart from the front.
struct FuzzInput {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: some Collection<UInt8>) {
        self.rest = Array(bytes)[...]
    }

    /// The next byte; 0 where there is none.
    mutating func byte() -> UInt8 { self.rest.popFirst() ?? 0 }

    /// Two bytes, big end first.
    mutating func number() -> Int { Int(self.byte()) << 8 | Int(self.byte()) }

    /// Two bytes that say how many follow, and those; fewer where there are fewer.
    mutating func section() -> [UInt8] {
        let count = self.number()
        defer { self.rest = self.rest.dropFirst(count) }
        return Array(self.rest.prefix(count))
    }

    /// Everything that is left.
    mutating func all() -> [UInt8] {
        defer { self.rest = [] }
        return Array(self.rest)
    }

    /// A section as ``section()`` reads it.
    static func section(_ bytes: some Collection<UInt8>) -> [UInt8] {
        [UInt8(truncatingIfNeeded: bytes.count >> 8), UInt8(truncatingIfNeeded: bytes.count)] + Array(bytes)
    }
}

/// How the bytes of a connection come: in one piece, or cut at places that `seed` says, the same each time.
struct FuzzSplit: Sequence {
    let bytes: [UInt8]
    /// `nil`: not cut.
    let seed: UInt8?

    /// Pieces of memory of their own, so that reading past one is noticed.
    func makeIterator() -> AnyIterator<ByteBuffer> {
        guard let seed = self.seed else {
            // Nothing is not read.
            return AnyIterator((self.bytes.isEmpty ? [] : [ByteBuffer(bytes: self.bytes)]).makeIterator())
        }
        var random = FuzzRandom(seed: UInt64(seed))
        // Of most connections a few large pieces come, of some single bytes.
        let longest = seed % 4 == 0 ? 3 : Swift.max(1, self.bytes.count / 2)
        var position = 0
        return AnyIterator {
            guard position < self.bytes.count else { return nil }
            let end = Swift.min(self.bytes.count, position + 1 + random.below(longest))
            defer { position = end }
            return ByteBuffer(bytes: self.bytes[position..<end])
        }
    }
}

/// Pseudo-random numbers (splitmix64), the same for the same seed.
struct FuzzRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var number = self.state
        number = (number ^ number >> 30) &* 0xBF58_476D_1CE4_E5B9
        number = (number ^ number >> 27) &* 0x94D0_49BB_1331_11EB
        return number ^ number >> 31
    }

    /// A number from 0 up to one less than `limit`.
    mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<Swift.max(1, limit), using: &self) }
}
