import Synchronization

/// Numbers every channel that this process opens, so that a delivery tag is never used on another channel than its own.
enum ChannelEpochs {
    private static let last = Atomic<UInt64>(0)

    /// The next one: 1 is the first, and ``ChannelEpoch/none`` is never one.
    static func next() -> ChannelEpoch {
        ChannelEpoch(number: self.last.wrappingAdd(1, ordering: .relaxed).newValue)
    }
}
