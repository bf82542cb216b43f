@testable import LambdaEnvironment
import NIOCore
import Testing

@Suite struct LogTailTests {
    @Test func aShortLogIsWhole() {
        var tail = LogTail()
        tail.append(lines: ByteBuffer(string: "START\n"))
        tail.append(ByteBuffer(string: "a\n"))
        tail.append(lines: ByteBuffer(string: "END\n"))
        #expect(String(buffer: tail.content) == "START\na\nEND\n")
    }

    @Test func anUnfinishedLineIsEndedBeforeThePlatformsOwn() {
        var tail = LogTail()
        tail.append(ByteBuffer(string: "no end"))
        tail.append(lines: ByteBuffer(string: "END\n"))
        #expect(String(buffer: tail.content) == "no end\nEND\n")
    }

    @Test(arguments: [1, 100, 4095, 4096, 4097, 10_000])
    func onlyTheLast4096BytesAreKept(_ size: Int) {
        var tail = LogTail()
        var all = ""
        for number in 0..<50 {
            let piece = String(repeating: String(number % 10), count: size)
            tail.append(ByteBuffer(string: piece))
            all += piece
        }
        tail.append(lines: ByteBuffer(string: "REPORT\n"))
        all += "\nREPORT\n"
        #expect(tail.content.readableBytes == min(4096, all.utf8.count))
        #expect(String(buffer: tail.content) == String(all.suffix(4096)))
    }
}
