/// Whether a client takes what is written for it.
///
/// Looked at with each tick, in windows of the write time-out: within one of them the client has to take everything that
/// waits, or the least count of bytes. A window begins when something begins to wait.
struct WriteProgress {
    private var writtenByteCount = 0
    /// Whether anything was written since it was last seen that nothing waits.
    private(set) var mayBePending = false
    private var windowEnd: UInt64?
    private var takenAtStart = 0

    /// So many bytes were written.
    mutating func wrote(byteCount: Int) {
        self.writtenByteCount &+= byteCount
        self.mayBePending = true
    }

    /// Looks at what waits.
    ///
    /// - Parameters:
    ///   - pendingByteCount: Bytes that the socket has not taken yet.
    ///   - tick: Now.
    ///   - deadline: The end of a window that begins now.
    ///   - leastByteCount: What must have been taken within a window.
    /// - Returns: whether a window has ended with too little taken.
    mutating func isStalled(pendingByteCount: Int, at tick: UInt64, deadline: UInt64, leastByteCount: Int) -> Bool {
        let taken = self.writtenByteCount &- pendingByteCount
        guard pendingByteCount > 0 else {
            self.mayBePending = false
            self.windowEnd = nil
            return false
        }
        if let windowEnd = self.windowEnd {
            guard tick >= windowEnd else { return false }
            if taken &- self.takenAtStart < leastByteCount { return true }
        }
        self.windowEnd = deadline
        self.takenAtStart = taken
        return false
    }
}
