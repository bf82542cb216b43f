/// The bytes of request bodies that are being put together: what all connections of a listener may hold of them.
///
/// Each body has a limit of its own; but thousands of clients who each send one slowly, and stop before its end, would
/// fill the memory all the same.
struct BodyMemory {
    private(set) var byteCount = 0
    private let limit: Int?

    /// - Parameter limit: In bytes; `nil`: none.
    init(limit: Int?) {
        self.limit = limit
    }

    /// - Returns: `false` when there is no room for so many more.
    mutating func take(_ count: Int) -> Bool {
        if let limit = self.limit, self.byteCount + count > limit { return false }
        self.byteCount += count
        return true
    }

    mutating func give(back count: Int) {
        self.byteCount -= count
    }
}
