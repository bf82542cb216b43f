/// Which of an environment's processes are there, and whether all that they sent has been read.
struct ProcessCensus {
    /// The runtime's process.
    enum Runtime: Equatable {
        case absent
        case alive
        case exited
    }

    /// The driver has still to say which processes there will be.
    var isOpening = false
    var runtime = Runtime.absent
    /// External extensions whose processes are there.
    var extensionCount = 0
    /// Waits for what dead processes may have sent.
    var stragglerWaits = 0

    /// Whether nothing is left to wait for.
    var isEmpty: Bool {
        !self.isOpening && self.runtime != .alive && self.extensionCount == 0 && self.stragglerWaits == 0
    }
}
