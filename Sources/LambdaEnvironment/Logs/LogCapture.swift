internal import CLinux
internal import Glibc
internal import NIOCore
internal import NIOPosix

/// Reads what the processes of one kind in one environment print: one pipe for standard output and standard error, so
/// that their order is kept.
///
/// The pipe is read as the event loop finds it readable, and by ``drain()`` at the moments at which everything that was
/// printed until now has to be known. While nobody takes the lines it is not read, and whoever prints waits.
// @unchecked: every member is used on `eventLoop` only (asserted).
final class LogCapture: @unchecked Sendable {
    /// How long a line's beginning waits for its end.
    static let partialLineTimeout = TimeAmount.seconds(1)
    private static let readByteCount = 64 * 1024

    /// Called with bytes as they were read.
    var onOutput: ((ByteBuffer) -> Void)?
    /// Called with whole lines.
    var onLines: ((ByteBuffer) -> Void)?

    /// Where processes print to.
    let output: OwnedDescriptor
    private var input: OwnedDescriptor?
    private let eventLoop: any EventLoop
    private var channel: (any Channel)?
    private var splitter = LineSplitter()
    private var isClosed = false
    private var isPaused = false
    /// What the loop has seen of the pipe in this turn may have been read by ``drain()``; NIO asserts that there is
    /// something to read when it was told so, and must not look before the next turn.
    private var isSuspended = false
    private var isResumeScheduled = false
    private var isReading = true
    /// Grows with each reading, so that the timer of an unfinished line sees that the line has grown.
    private var readings: UInt64 = 0
    private var isPartialTimerScheduled = false

    /// Opens a pipe and begins to read it.
    ///
    /// - Returns: `nil` when there can be no pipe: the process has too many files open.
    static func open(eventLoop: any EventLoop) -> LogCapture? {
        eventLoop.assertInEventLoop()
        var reading: Int32 = -1
        var writing: Int32 = -1
        guard clinux_open_pipe(&reading, &writing) == 0 else { return nil }
        let input = OwnedDescriptor(owning: reading)
        let output = OwnedDescriptor(owning: writing)
        // The channel owns its descriptor; what `drain` reads from has to stand by itself.
        let channelInput = fcntl(reading, F_DUPFD_CLOEXEC, 3)
        guard channelInput >= 0 else { return nil }
        let capture = LogCapture(input: input, output: output, eventLoop: eventLoop)
        capture.read(channelInput)
        return capture
    }

    private init(input: OwnedDescriptor, output: OwnedDescriptor, eventLoop: any EventLoop) {
        self.input = input
        self.output = output
        self.eventLoop = eventLoop
    }

    private func read(_ descriptor: Int32) {
        NIOPipeBootstrap(group: self.eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(LogCaptureHandler { self.received($0) })
                }
            }
            .takingOwnershipOfDescriptor(input: descriptor)
            .assumeIsolated()
            .whenComplete { result in
                switch result {
                case .success(let channel):
                    self.channel = channel
                    if self.isClosed { channel.close(promise: nil) }
                case .failure:
                    // What is printed is still read, at the moments at which it is asked for.
                    Glibc.close(descriptor)
                }
            }
    }

    /// Reads everything that has been printed until now.
    func drain() {
        self.eventLoop.assertInEventLoop()
        guard let input = self.input else { return }
        defer { self.updateReading() }
        var remaining = Int(clinux_readable_byte_count(input.number))
        while remaining > 0 {
            var buffer = ByteBuffer()
            let count = buffer.writeWithUnsafeMutableBytes(
                minimumWritableBytes: min(remaining, Self.readByteCount)
            ) { bytes in
                max(0, Glibc.read(input.number, bytes.baseAddress, min(bytes.count, remaining)))
            }
            guard count > 0 else { return }
            self.isSuspended = true
            remaining -= count
            self.received(buffer)
        }
    }

    /// Reads everything, and ends a line that has begun: whoever printed it will print no more.
    func finish() {
        self.drain()
        if let line = self.splitter.flush() { self.onLines?(line) }
    }

    /// Reads the rest, and closes the pipe; what still prints into it gets an error.
    func close() {
        self.eventLoop.assertInEventLoop()
        guard !self.isClosed else { return }
        self.finish()
        self.isClosed = true
        self.input = nil
        self.channel?.close(promise: nil)
        self.channel = nil
        self.onOutput = nil
        self.onLines = nil
    }

    /// Stops reading, until ``resume()``.
    func pause() {
        self.eventLoop.assertInEventLoop()
        self.isPaused = true
        self.updateReading()
    }

    /// Reads again after ``pause()``.
    func resume() {
        self.eventLoop.assertInEventLoop()
        self.isPaused = false
        self.updateReading()
    }

    private func updateReading() {
        let isReading = !self.isPaused && !self.isSuspended
        if isReading != self.isReading {
            self.isReading = isReading
            // It fails on a channel that is closed only.
            try? self.channel?.syncOptions?.setOption(.autoRead, value: isReading)
        }
        guard self.isSuspended, !self.isResumeScheduled else { return }
        self.isResumeScheduled = true
        self.eventLoop.assumeIsolated().execute {
            self.isResumeScheduled = false
            self.isSuspended = false
            self.updateReading()
        }
    }

    private func received(_ bytes: ByteBuffer) {
        guard !self.isClosed else { return }
        self.readings &+= 1
        self.onOutput?(bytes)
        if let lines = self.splitter.append(bytes) { self.onLines?(lines) }
        self.watchPartialLine()
    }

    /// A line that nobody ends (a prompt, a progress bar) is shown as it stands after a while.
    private func watchPartialLine() {
        guard self.splitter.partialByteCount > 0, !self.isPartialTimerScheduled else { return }
        self.isPartialTimerScheduled = true
        let readings = self.readings
        self.eventLoop.assumeIsolated().scheduleTask(in: Self.partialLineTimeout) {
            self.isPartialTimerScheduled = false
            if self.readings == readings, let line = self.splitter.flush() {
                self.onLines?(line)
            } else {
                self.watchPartialLine()
            }
        }
    }
}

/// Passes on what a pipe's channel reads.
private final class LogCaptureHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let received: (ByteBuffer) -> Void

    init(_ received: @escaping (ByteBuffer) -> Void) {
        self.received = received
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.received(self.unwrapInboundIn(data))
    }
}
