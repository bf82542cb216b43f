import Glibc
import LambdaEnvironment
import Logging
import NIOCore
import NIOPosix
import Testing

@Suite(.timeLimit(.minutes(1))) struct LogWriterTests {
    let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
    let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    func withPipe<Result>(_ body: (_ reading: Int32, _ writing: Int32) async throws -> Result) async throws -> Result {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        defer { ends.forEach { close($0) } }
        return try await body(ends[0], ends[1])
    }

    func read(_ descriptor: Int32, upTo limit: Int) -> String {
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = Glibc.read(descriptor, &bytes, limit)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    @Test func aLineIsWrittenAtOnce() async throws {
        try await self.withPipe { reading, writing in
            try await self.eventLoop.submit { [eventLoop, logger] in
                let writer = LogWriter(descriptor: writing, eventLoop: eventLoop, logger: logger)
                writer.write(ByteBuffer(string: "a\n"))
            }.get()
            #expect(self.read(reading, upTo: 10) == "a\n")
        }
    }

    @Test func linesInQuickSuccessionAreWrittenTogetherAndInOrder() async throws {
        try await self.withPipe { reading, writing in
            let writer = LogWriter(descriptor: writing, eventLoop: self.eventLoop, logger: self.logger)
            try await self.eventLoop.submit {
                for number in 0..<9 { writer.write(ByteBuffer(string: "\(number)")) }
                writer.flush()
            }.get()
            #expect(self.read(reading, upTo: 20) == "012345678")
        }
    }

    @Test func aPipeThatNobodyReadsDoesNotBlock() async throws {
        try await self.withPipe { reading, writing in
            let writer = LogWriter(descriptor: writing, eventLoop: self.eventLoop, logger: self.logger)
            try await self.eventLoop.submit {
                for _ in 0..<4000 {
                    writer.write(ByteBuffer(repeating: UInt8(ascii: "x"), count: 1000))
                    writer.flush()
                }
                #expect(writer.bufferedByteCount >= 1 << 20)
            }.get()
            while try await self.eventLoop.submit({ writer.bufferedByteCount }).get() > 0 {
                #expect(!self.read(reading, upTo: 1 << 16).isEmpty)
            }
        }
    }
}
