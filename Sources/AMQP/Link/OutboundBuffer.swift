import NIOCore

/// What is to be sent, collected so that a turn of the event loop ends in one write and one flush.
///
/// Loop-bound. Frames are appended to one buffer, whose memory is used again once the socket took it; a body from
/// ``copyLimit`` on is handed to the socket as it is, between the head and the end mark of its frames.
final class OutboundBuffer {
    /// Bodies up to this size are copied, as that is cheaper than a write of their own.
    static let copyLimit = 16 * 1024
    /// What is collected before it is passed on within one turn.
    private static let passOnLimit = 128 * 1024

    private var pending = ByteBuffer()
    private var spare = ByteBuffer()
    private var isFlushScheduled = false
    /// Whether what is appended waits for a flush that something else causes.
    private var isWithoutFlush = false
    /// Set while the channel can be written to.
    private var context: ChannelHandlerContext?
    /// The bytes passed on since the last flush.
    private var hasUnflushedWrites = false

    /// How many bytes are collected, and not yet in the channel's hands.
    var pendingByteCount: Int { self.pending.readableBytes }

    func attach(_ context: ChannelHandlerContext) {
        self.context = context
    }

    func detach() {
        self.context = nil
        self.pending = ByteBuffer()
    }

    /// Appends what `write` writes, and has it sent at the end of this turn; not so within ``withoutFlush(_:)``.
    func append<Failure: Error>(_ write: (inout ByteBuffer) throws(Failure) -> Void) throws(Failure) {
        guard self.context != nil else { return }
        try write(&self.pending)
        if self.pending.readableBytes >= Self.passOnLimit { self.passOn() }
        self.scheduleFlush()
    }

    /// Appends a body's frames.
    func appendBody(_ body: ByteBuffer, channel: UInt16, encoder: RabbitEncoder) {
        guard self.context != nil, body.readableBytes > 0 else { return }
        let fragmentLimit = encoder.maxFrameByteCount - FrameSplitter.overheadByteCount
        var rest = body
        while let fragment = rest.readSlice(length: min(fragmentLimit, rest.readableBytes)),
            fragment.readableBytes > 0
        {
            encoder.writeBodyHead(byteCount: fragment.readableBytes, channel: channel, to: &self.pending)
            if fragment.readableBytes <= Self.copyLimit {
                self.pending.writeImmutableBuffer(fragment)
            } else {
                self.passOn()
                self.hasUnflushedWrites = true
                if let context = self.context { self.write(fragment, context) }
            }
            encoder.writeEnd(to: &self.pending)
        }
        if self.pending.readableBytes >= Self.passOnLimit { self.passOn() }
        self.scheduleFlush()
    }

    /// Has what `body` appends leave with what is appended next, or with the next ``scheduleFlush()``.
    func withoutFlush(_ body: () -> Void) {
        self.isWithoutFlush = true
        defer { self.isWithoutFlush = false }
        body()
    }

    /// Sends everything now.
    func flush() {
        self.isFlushScheduled = false
        guard let context = self.context, self.hasUnflushedWrites || self.pending.readableBytes > 0 else { return }
        // Flushing may call back, and the callback may append: so the buffer is taken out first.
        var buffer = self.pending
        self.pending = self.spare
        self.spare = ByteBuffer()
        self.hasUnflushedWrites = false
        if buffer.readableBytes > 0 { self.write(buffer, context) }
        context.flush()
        // Where the socket took everything at once, the memory is ours alone again, and `clear` keeps it.
        buffer.clear()
        self.spare = buffer
    }

    private func passOn() {
        guard let context = self.context, self.pending.readableBytes > 0 else { return }
        self.write(self.pending, context)
        self.pending = ByteBuffer()
        self.hasUnflushedWrites = true
    }

    private func write(_ buffer: ByteBuffer, _ context: ChannelHandlerContext) {
        context.write(NIOAny(buffer), promise: nil)
    }

    /// Has what is collected sent at the end of this turn.
    func scheduleFlush() {
        guard !self.isFlushScheduled, let context = self.context else { return }
        // What is large has its write, whether it is alone or not.
        if self.isWithoutFlush, !self.hasUnflushedWrites, self.pending.readableBytes < Self.copyLimit { return }
        self.isFlushScheduled = true
        context.eventLoop.assumeIsolated().execute { self.flush() }
    }
}
