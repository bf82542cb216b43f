#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The system's random numbers, 256 bytes a call: identifiers are made for each invocation.
package struct EntropyPool: RandomNumberGenerator {
    private var words: [UInt64] = []

    /// An empty pool; it fills itself when it is first used.
    package init() {}

    package mutating func next() -> UInt64 {
        if let word = self.words.popLast() { return word }
        self.refill()
        return self.words.popLast() ?? SystemRandomNumberGenerator.word()
    }

    private mutating func refill() {
        self.words = [UInt64](unsafeUninitializedCapacity: 32) { buffer, count in
            let isFilled = getentropy(buffer.baseAddress, 256) == 0
            count = isFilled ? 32 : 0
        }
    }
}

extension SystemRandomNumberGenerator {
    /// One word, where the pool cannot be filled.
    fileprivate static func word() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}
