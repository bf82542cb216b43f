import Glibc
@testable import LambdaEnvironment
import NIOCore
import NIOPosix
import Testing

@Suite(.timeLimit(.minutes(1))) struct LogCaptureTests {
    let eventLoop = MultiThreadedEventLoopGroup.singleton.next()

    /// What a capture has passed on; used on its event loop only.
    final class Seen: @unchecked Sendable {
        var lines = ""
        var output = ""
    }

    func open(_ seen: Seen) async throws -> LogCapture {
        try await self.eventLoop.submit { [eventLoop] in
            let capture = try #require(LogCapture.open(eventLoop: eventLoop))
            capture.onOutput = { seen.output += String(buffer: $0) }
            capture.onLines = { seen.lines += String(buffer: $0) }
            return capture
        }.get()
    }

    func write(_ text: String, to capture: LogCapture) {
        #expect(Glibc.write(capture.output.number, text, text.utf8.count) == text.utf8.count)
    }

    func until(_ condition: @escaping @Sendable () -> Bool) async throws {
        while try await !self.eventLoop.submit(condition).get() { try await Task.sleep(for: .milliseconds(2)) }
    }

    @Test func whatIsPrintedComesByItself() async throws {
        let seen = Seen()
        let capture = try await self.open(seen)
        self.write("a\nb", to: capture)
        try await self.until { seen.output == "a\nb" && seen.lines.hasPrefix("a\n") }
        try await self.eventLoop.submit { capture.close() }.get()
        #expect(try await self.eventLoop.submit { seen.lines }.get() == "a\nb\n")
    }

    @Test func aDrainReadsAllThatWasPrintedBeforeIt() async throws {
        let seen = Seen()
        let capture = try await self.open(seen)
        // In the same turn of the loop: it has had no chance to read by itself.
        try await self.eventLoop.submit {
            for number in 0..<1000 { self.write("line \(number)\n", to: capture) }
            capture.drain()
            #expect(seen.lines == (0..<1000).map { "line \($0)\n" }.joined())
            capture.drain()
            capture.close()
            capture.drain()
        }.get()
    }

    @Test func aPausedCaptureIsNotReadButStillDrained() async throws {
        let seen = Seen()
        let capture = try await self.open(seen)
        try await self.eventLoop.submit { capture.pause() }.get()
        self.write("a\n", to: capture)
        for _ in 0..<20 { try await self.eventLoop.submit {}.get() }
        #expect(try await self.eventLoop.submit { seen.lines }.get() == "")
        try await self.eventLoop.submit { capture.drain() }.get()
        #expect(try await self.eventLoop.submit { seen.lines }.get() == "a\n")
        self.write("b\n", to: capture)
        try await self.eventLoop.submit { capture.resume() }.get()
        try await self.until { seen.lines == "a\nb\n" }
        try await self.eventLoop.submit { capture.close() }.get()
    }

    @Test func aDrainTakesWhatTheLoopWasAboutToRead() async throws {
        let (seenA, seenB) = (Seen(), Seen())
        let (a, b) = try await (self.open(seenA), self.open(seenB))
        for number in 0..<50 {
            try await self.eventLoop.submit {
                // Both are readable at the loop's next look; whichever is read first drains the other.
                a.onLines = { [unowned b] in
                    seenA.lines += String(buffer: $0)
                    b.drain()
                }
                b.onLines = { [unowned a] in
                    seenB.lines += String(buffer: $0)
                    a.drain()
                }
                self.write("a\(number)\n", to: a)
                self.write("b\(number)\n", to: b)
            }.get()
            try await self.until { seenA.lines.hasSuffix("a\(number)\n") && seenB.lines.hasSuffix("b\(number)\n") }
        }
        try await self.eventLoop.submit {
            a.close()
            b.close()
        }.get()
    }

    @Test func anUnfinishedLineIsShownAfterAWhile() async throws {
        let seen = Seen()
        let capture = try await self.open(seen)
        self.write("prompt> ", to: capture)
        try await self.until { seen.lines == "prompt> \n" }
        try await self.eventLoop.submit { capture.close() }.get()
    }

    @Test func whoStillPrintsAfterTheCloseIsTold() async throws {
        signal(SIGPIPE, SIG_IGN)
        let capture = try await self.open(Seen())
        let printer = OwnedDescriptor(owning: dup(capture.output.number))
        try await self.eventLoop.submit { capture.close() }.get()
        // The reading ends are gone, the channel's and our own.
        while Glibc.write(printer.number, "x", 1) == 1 { try await Task.sleep(for: .milliseconds(1)) }
        #expect(errno == EPIPE)
    }
}
