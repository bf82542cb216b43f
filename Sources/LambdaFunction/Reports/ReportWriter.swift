internal import Glibc
package import Logging
package import NIOCore

/// Writes lines to a descriptor, usually standard output, without ever blocking the event loop.
///
/// A line goes out at once where the last write is a while ago, so that it stands in the right order with what the
/// function prints; under load, lines of a few milliseconds go out in one write. A pipe that nobody reads costs lines,
/// never invocations.
// @unchecked: every member is used on `eventLoop` only (asserted).
package final class ReportWriter: @unchecked Sendable {
    private static let interval = TimeAmount.milliseconds(5)
    private static let maxBufferedByteCount = 1 << 20

    private let descriptor: Int32
    private let eventLoop: any EventLoop
    private let isPipe: Bool
    private var buffer = ByteBuffer()
    private var lastWrite = NIODeadline.distantPast
    private var isFlushScheduled = false
    private let logger: Logger
    private var isDropping = false
    /// Bytes that wait for the reader.
    package var bufferedByteCount: Int { self.buffer.readableBytes }

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

    /// Writes a group of lines, now or in a few milliseconds.
    package func write(_ lines: (inout ByteBuffer) -> Void) {
        self.eventLoop.assertInEventLoop()
        guard self.buffer.readableBytes < Self.maxBufferedByteCount else {
            return self.tellOfLoss("nobody reads it")
        }
        lines(&self.buffer)
        let now = NIODeadline.now()
        if self.isFlushScheduled { return }
        if now - self.lastWrite >= Self.interval {
            self.flush(now: now)
        } else {
            self.scheduleFlush(at: self.lastWrite + Self.interval)
        }
    }

    /// Writes what is there, as far as it can be written without waiting.
    package func flush() {
        self.flush(now: .now())
    }

    private func flush(now: NIODeadline) {
        self.lastWrite = now
        while self.buffer.readableBytes > 0, self.canWrite {
            let written = self.buffer.withUnsafeReadableBytes { bytes in
                // Linux lets a pipe that polls as writable take PIPE_BUF bytes without blocking, and no more.
                Glibc.write(self.descriptor, bytes.baseAddress, self.isPipe ? min(bytes.count, 4096) : bytes.count)
            }
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
        } else {
            self.scheduleFlush(at: now + Self.interval)
        }
    }

    private func tellOfLoss(_ reason: String) {
        guard !self.isDropping else { return }
        self.isDropping = true
        self.logger.warning("Reports of invocations cannot be written", metadata: ["reason": "\(reason)"])
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
