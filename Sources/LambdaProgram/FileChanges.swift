/// When files that belong together are to be read again: once they have changed, and then stay as they are from one look
/// to the next. So files that are being written, or exchanged one after the other, are left alone meanwhile.
///
/// Pure: whoever looks says what is there.
package struct FileChanges<Stamp: Equatable & Sendable>: Sendable {
    private var read: [Stamp?]
    private var seen: [Stamp?]

    /// - Parameter stamps: The files as they were just before they were read.
    package init(_ stamps: [Stamp?]) {
        self.read = stamps
        self.seen = stamps
    }

    /// - Parameter stamps: The files as they are now; `nil` for one that is missing.
    /// - Returns: whether to read them.
    package mutating func looked(at stamps: [Stamp?]) -> Bool {
        defer { self.seen = stamps }
        guard stamps != self.read, stamps == self.seen else { return false }
        self.read = stamps
        return true
    }
}
