package import NIOCore

/// How long something took, counted by buckets: what Prometheus calls a histogram.
///
/// Pure. Counts are kept by themselves and summed up when they are shown, so that recording is one addition.
package struct DurationHistogram: Sendable, Equatable {
    /// The upper ends of the buckets, in nanoseconds; one more bucket has what is beyond the last.
    ///
    /// From 100 µs, which is what a relay alone takes, to AWS's longest invocation of 900 s.
    package static let bounds: [Int64] = [
        100_000, 250_000, 500_000,
        1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000, 500_000_000,
        1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000, 30_000_000_000, 60_000_000_000,
        300_000_000_000, 900_000_000_000,
    ]

    private var counts = [UInt64](repeating: 0, count: Self.bounds.count + 1)
    /// In nanoseconds.
    package private(set) var sum: Int64 = 0

    /// Nothing recorded.
    package init() {}

    /// Counts one duration; a negative one counts as none at all.
    package mutating func record(_ duration: TimeAmount) {
        let nanoseconds = max(0, duration.nanoseconds)
        let bucket = Self.bounds.firstIndex { nanoseconds <= $0 } ?? Self.bounds.count
        self.counts[bucket] += 1
        self.sum = self.sum.addingReportingOverflow(nanoseconds).partialValue
    }

    /// How many durations were recorded.
    package var count: UInt64 { self.counts.reduce(0, +) }

    /// For each bound how many durations were not above it.
    package var cumulativeCounts: [UInt64] {
        var total: UInt64 = 0
        return self.counts.dropLast().map { count in
            total += count
            return total
        }
    }

    /// Adds what another one has counted.
    package mutating func add(_ other: DurationHistogram) {
        for index in self.counts.indices { self.counts[index] += other.counts[index] }
        self.sum = self.sum.addingReportingOverflow(other.sum).partialValue
    }
}
