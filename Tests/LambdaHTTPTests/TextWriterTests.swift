import LambdaHTTP
import NIOCore
import Testing

@Suite struct TextWriterTests {
    @Test func whatFindsNoRoomIsWrittenAgainWithRoomForAll() {
        for usual in [0, 1, 5, 20, 4096] {
            var buffer = ByteBuffer(string: "before ")
            var calls = 0
            buffer.writeText(usualByteCount: usual) { text in
                calls += 1
                for number in 0..<200 as Range<Int64> {
                    text.write("number ")
                    text.write(decimal: number)
                    text.write(String(repeating: "é", count: 3))
                }
            }
            #expect(String(buffer: buffer) == "before " + (0..<200).map { "number \($0)ééé" }.joined())
            #expect(calls <= 2)
        }
    }

    @Test func numbersAreDecimalFromTheLeastToTheGreatest() {
        for number in [Int64.min, -10, -1, 0, 9, 10, 1234567890, .max] {
            var buffer = ByteBuffer()
            buffer.writeText(usualByteCount: 64) { $0.write(decimal: number) }
            #expect(String(buffer: buffer) == "\(number)")
        }
    }
}
