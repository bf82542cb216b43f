internal import NIOCore

/// Cuts a stream of bytes into blocks of whole lines.
///
/// Pure. It holds at most one line's beginning, of less than ``maxLineByteCount`` bytes.
struct LineSplitter {
    /// A longer line is cut into several (contract 8.5).
    static let maxLineByteCount = 256 * 1024

    /// The beginning of a line whose end has not come.
    private var partial = ByteBuffer()

    /// Bytes that wait for their line's end.
    var partialByteCount: Int { self.partial.readableBytes }

    /// Takes bytes.
    ///
    /// - Returns: All lines that are whole now, each with its line feed.
    mutating func append(_ bytes: ByteBuffer) -> ByteBuffer? {
        guard let end = bytes.readableBytesView.lastIndex(of: UInt8(ascii: "\n")) else {
            self.partial.writeImmutableBuffer(bytes)
            return self.cutPartial()
        }
        var rest = bytes
        guard var lines = rest.readSlice(length: end + 1 - bytes.readerIndex) else { return nil }
        guard self.partial.readableBytes > 0 else {
            self.partial.writeImmutableBuffer(rest)
            return lines
        }
        var block = self.partial
        self.partial = rest
        let room = Self.maxLineByteCount - block.readableBytes
        let firstLine = lines.readableBytesView.firstIndex(of: UInt8(ascii: "\n")).map { $0 - lines.readerIndex } ?? 0
        if firstLine > room, let head = lines.readSlice(length: room) {
            block.writeImmutableBuffer(head)
            block.writeInteger(UInt8(ascii: "\n"))
        }
        block.writeImmutableBuffer(lines)
        return block
    }

    /// Ends the line that has begun, where there is one.
    mutating func flush() -> ByteBuffer? {
        guard self.partial.readableBytes > 0 else { return nil }
        var line = self.partial
        line.writeInteger(UInt8(ascii: "\n"))
        self.partial = ByteBuffer()
        return line
    }

    private mutating func cutPartial() -> ByteBuffer? {
        guard self.partial.readableBytes >= Self.maxLineByteCount else { return nil }
        var block = ByteBuffer()
        while self.partial.readableBytes >= Self.maxLineByteCount,
            let line = self.partial.readSlice(length: Self.maxLineByteCount)
        {
            block.writeImmutableBuffer(line)
            block.writeInteger(UInt8(ascii: "\n"))
        }
        self.partial.discardReadBytes()
        return block
    }
}
