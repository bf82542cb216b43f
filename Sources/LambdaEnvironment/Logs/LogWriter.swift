internal import Glibc
package import Logging
package import NIOCore

/// Writes lines to a descriptor, usually standard output, without ever blocking the event loop.
///
/// A line goes out at once where the last write is a while ago; under load, the lines of a few milliseconds go out in
/// one write. Everything that is to be in one order goes through one writer.
///
/// A reader that is too slow first slows the processes that print (``isFull``), then costs lines; never invocations.
// @unchecked: every member is used on `eventLoop` only (asserted).
package final class LogWriter: @unchecked Sendable {
    private static let interval = TimeAmount.milliseconds(5)
    private static let fullByteCount = 256 * 1024
    private static let maxBufferedByteCount = 1 << 20
    /// Linux lets a pipe that polls as writable take PIPE_BUF bytes without blocking, and writes them in one piece.
    private static let pipeWriteByteCount = 4096

    private let descriptor: Int32
    private let eventLoop: any EventLoop
    private let isPipe: Bool
    private var buffer = ByteBuffer()
    private var lastWrite = NIODeadline.distantPast
    private var isFlushScheduled = false
    private let logger: Logger
    private var isDropping = false
    private var waiters: [() -> Void] = []
    private var flushed: [EventLoopPromise<Void>] = []

    /// Bytes that wait for the reader.
    package var bufferedByteCount: Int { self.buffer.readableBytes }

    /// Whether who can wait should: see ``whenWritable(_:)``.
    package var isFull: Bool { self.buffer.readableBytes >= Self.fullByteCount }

    /// - Parameters:
    ///   - descriptor: Stays open, and the caller's.
    ///   - eventLoop: Where everything is called.
    ///   - logger: Told when lines are lost.
    package init(descriptor: Int32 = 1, eventLoop: any EventLoop, logger: Logger) {
        self.logger = logger
        self.descriptor = descriptor
        self.eventLoop = eventLoop
        var status = stat()
        // What is neither a file nor a terminal can be full.
        self.isPipe = fstat(descriptor, &status) != 0 || status.st_mode & S_IFMT != S_IFREG
    }

    /// Writes whole lines, now or in a few milliseconds.
    package func write(_ lines: ByteBuffer) {
        self.eventLoop.assertInEventLoop()
        guard self.buffer.readableBytes < Self.maxBufferedByteCount else {
            return self.tellOfLoss("nobody reads it")
        }
        self.buffer.writeImmutableBuffer(lines)
        let now = NIODeadline.now()
        if self.isFlushScheduled { return }
        if now - self.lastWrite >= Self.interval {
            self.flush(now: now)
        } else {
            self.scheduleFlush(at: self.lastWrite + Self.interval)
        }
    }

    /// Calls back once when the writer is not full any more.
    package func whenWritable(_ body: @escaping () -> Void) {
        self.eventLoop.assertInEventLoop()
        guard self.isFull else { return body() }
        self.waiters.append(body)
    }

    /// Writes what is there, as far as it can be written without waiting.
    package func flush() {
        self.flush(now: .now())
    }

    /// Writes everything, or as much as the reader takes within a time.
    ///
    /// - Parameter limit: How long to wait for a reader that is slow.
    /// - Returns: Succeeds in any case.
    package func flush(within limit: TimeAmount) -> EventLoopFuture<Void> {
        self.flush(now: .now())
        guard self.buffer.readableBytes > 0 else { return self.eventLoop.makeSucceededVoidFuture() }
        let promise = self.eventLoop.makePromise(of: Void.self)
        self.flushed.append(promise)
        self.eventLoop.scheduleTask(in: limit) {
            self.flushed.forEach { $0.succeed(()) }
            self.flushed.removeAll()
        }
        return promise.futureResult
    }

    private func flush(now: NIODeadline) {
        self.lastWrite = now
        while self.buffer.readableBytes > 0, self.canWrite {
            let written = self.writeOnce()
            if written > 0 {
                self.buffer.moveReaderIndex(forwardBy: written)
            } else if errno == EAGAIN {
                break
            } else if errno != EINTR {
                // Its reader is gone, or the disk is full: what cannot be written now is not kept.
                self.buffer.clear()
                self.tellOfLoss("errno \(errno)")
            }
        }
        if self.buffer.readableBytes == 0 {
            self.buffer.clear()
            self.isDropping = false
            self.flushed.forEach { $0.succeed(()) }
            self.flushed.removeAll()
        } else {
            self.scheduleFlush(at: now + Self.interval)
        }
        self.wakeWaiters()
    }

    private func writeOnce() -> Int {
        self.buffer.withUnsafeReadableBytes { bytes in
            guard self.isPipe, bytes.count > Self.pipeWriteByteCount else {
                return Glibc.write(self.descriptor, bytes.baseAddress, bytes.count)
            }
            // To the end of a line, where one ends within what is written in one piece: somebody else (the daemon's
            // own log, for instance) may write to the same pipe in between.
            let piece = bytes.prefix(Self.pipeWriteByteCount)
            let end = piece.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? piece.count
            return Glibc.write(self.descriptor, bytes.baseAddress, end)
        }
    }

    private func wakeWaiters() {
        guard !self.waiters.isEmpty, !self.isFull else { return }
        let waiters = self.waiters
        self.waiters.removeAll()
        waiters.forEach { $0() }
    }

    private func tellOfLoss(_ reason: String) {
        guard !self.isDropping else { return }
        self.isDropping = true
        self.logger.warning("Log lines cannot be written", metadata: ["reason": "\(reason)"])
    }

    private var canWrite: Bool {
        guard self.isPipe else { return true }
        var descriptor = pollfd(fd: self.descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&descriptor, 1, 0) == 1 && descriptor.revents & Int16(POLLOUT) != 0
    }

    private func scheduleFlush(at time: NIODeadline) {
        guard !self.isFlushScheduled else { return }
        self.isFlushScheduled = true
        self.eventLoop.scheduleTask(deadline: time) {
            self.isFlushScheduled = false
            self.flush(now: .now())
        }
    }
}
