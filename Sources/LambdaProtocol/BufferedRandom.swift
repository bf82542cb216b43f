import Glibc
import NIOConcurrencyHelpers

/// The system's random numbers, fetched four kilobytes at a time: one call of the kernel for every hundred invocations,
/// where `SystemRandomNumberGenerator` makes one for every number.
package struct BufferedRandom: RandomNumberGenerator, Sendable {
    private static let wordCount = 512
    private var words = [UInt64](repeating: 0, count: BufferedRandom.wordCount)
    private var position = BufferedRandom.wordCount

    /// The one that ids are made with. Its lock is never waited for by a daemon, whose invocations share one loop.
    private static let shared = NIOLockedValueBox(BufferedRandom())

    package init() {}

    /// Two random numbers at a time, since that is what ids need.
    package static func pair() -> (UInt64, UInt64) {
        self.shared.withLockedValue { ($0.next(), $0.next()) }
    }

    package mutating func next() -> UInt64 {
        if self.position == Self.wordCount { self.refill() }
        defer { self.position += 1 }
        return self.words[self.position]
    }

    private mutating func refill() {
        let isFilled = self.words.withUnsafeMutableBytes { buffer in
            // Up to 256 bytes at once never fail or come short (getrandom(2)).
            stride(from: 0, to: buffer.count, by: 256).allSatisfy { offset in
                getentropy(buffer.baseAddress.map { $0 + offset }, 256) == 0
            }
        }
        if !isFilled {
            var system = SystemRandomNumberGenerator()
            for index in self.words.indices { self.words[index] = system.next() }
        }
        self.position = 0
    }
}
