import NIOCore
import Testing

@testable import LambdaHTTP

@Suite struct HTTPFieldWriterTests {
    private func field(_ value: String) -> String {
        var buffer = ByteBuffer()
        buffer.writeText(usualByteCount: 1024) { text in
            var writer = HTTPFieldWriter(text)
            writer.field("a", value)
            text = writer.text
        }
        return String(buffer: buffer)
    }

    @Test func everyControlInAValueBecomesASpaceWhereverItStands() {
        for control in Array(UInt8(0)..<0x20) + [0x7F] where control != UInt8(ascii: "\t") {
            for position in 0...17 {
                var value = Array(repeating: UInt8(ascii: "x"), count: 18)
                value[position] = control
                var expected = value
                expected[position] = UInt8(ascii: " ")
                #expect(
                    self.field(String(decoding: value, as: UTF8.self))
                        == "a: \(String(decoding: expected, as: UTF8.self))\r\n")
            }
        }
    }

    @Test func textOfAnyLengthStaysAsItIs() {
        for count in 0...40 {
            let value = String(String(repeating: "é~\t ü", count: 10).prefix(count))
            #expect(self.field(value) == "a: \(value)\r\n")
        }
    }
}
