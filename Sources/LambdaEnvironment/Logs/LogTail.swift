internal import NIOCore

/// The last bytes of one invocation's log, for `X-Amz-Log-Result` (contract 1.4).
///
/// Pure. What a process prints comes as it is read, not line by line: an unfinished line that stands before the answer
/// belongs to it too.
struct LogTail {
    /// AWS's limit.
    static let byteCount = 4096

    private var bytes = ByteBuffer()

    /// Adds what a process printed.
    mutating func append(_ output: ByteBuffer) {
        if output.readableBytes >= Self.byteCount {
            self.bytes.clear()
            self.bytes.writeBytes(output.readableBytesView.suffix(Self.byteCount))
            return
        }
        self.bytes.writeImmutableBuffer(output)
        // Moved together now and then only: a function that prints much pays for each byte twice at most.
        guard self.bytes.readableBytes > 4 * Self.byteCount else { return }
        self.bytes = ByteBuffer(bytes: self.bytes.readableBytesView.suffix(Self.byteCount))
    }

    /// Adds lines of the platform; an unfinished line before them is ended.
    mutating func append(lines: ByteBuffer) {
        if let last = self.bytes.readableBytesView.last, last != UInt8(ascii: "\n") {
            self.bytes.writeInteger(UInt8(ascii: "\n"))
        }
        self.append(lines)
    }

    /// The last ``byteCount`` bytes.
    var content: ByteBuffer {
        ByteBuffer(bytes: self.bytes.readableBytesView.suffix(Self.byteCount))
    }
}
