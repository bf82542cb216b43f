@testable import LambdaEnvironment
import NIOCore
import Testing

@Suite struct LineSplitterTests {
    func append(_ text: String, to splitter: inout LineSplitter) -> String? {
        splitter.append(ByteBuffer(string: text)).map { String(buffer: $0) }
    }

    @Test func wholeLinesPassAndABeginningWaitsForItsEnd() {
        var splitter = LineSplitter()
        #expect(self.append("a\nb\nc", to: &splitter) == "a\nb\n")
        #expect(splitter.partialByteCount == 1)
        #expect(self.append("d", to: &splitter) == nil)
        #expect(self.append("e\n", to: &splitter) == "cde\n")
        #expect(splitter.partialByteCount == 0)
    }

    @Test func aFlushEndsTheLine() {
        var splitter = LineSplitter()
        #expect(splitter.flush() == nil)
        _ = self.append("prompt", to: &splitter)
        #expect(splitter.flush().map { String(buffer: $0) } == "prompt\n")
        #expect(splitter.flush() == nil)
        #expect(self.append("x\n", to: &splitter) == "x\n")
    }

    @Test func aLineWithoutEndIsCutAtItsLimit() {
        var splitter = LineSplitter()
        let piece = String(repeating: "x", count: 100_000)
        var output = ""
        for _ in 0..<30 { output += self.append(piece, to: &splitter) ?? "" }
        #expect(splitter.partialByteCount < LineSplitter.maxLineByteCount)
        output += self.append("\nnext\n", to: &splitter) ?? ""
        let lines = output.split(separator: "\n")
        #expect(lines.dropLast().allSatisfy { $0.utf8.count <= LineSplitter.maxLineByteCount })
        #expect(lines.dropLast().map(\.utf8.count).reduce(0, +) == 3_000_000)
        #expect(lines.last == "next")
    }

    @Test func aLineThatEndsBeyondItsLimitIsCutThere() {
        var splitter = LineSplitter()
        _ = self.append(String(repeating: "x", count: LineSplitter.maxLineByteCount - 1), to: &splitter)
        let lines = self.append("yzz\nnext\n", to: &splitter)?.split(separator: "\n")
        #expect(lines?.map(\.utf8.count) == [LineSplitter.maxLineByteCount, 2, 4])
    }

    @Test func emptyLinesAreLines() {
        var splitter = LineSplitter()
        #expect(self.append("\n\na", to: &splitter) == "\n\n")
        #expect(self.append("\n", to: &splitter) == "a\n")
    }
}
