import AMQP
import NIOCore
import Testing

@Suite struct AMQPValueTests {
    @Test func literalsMakeTheTypesThatEveryClientReads() {
        let table: AMQPTable = ["s": "text", "i": 1, "b": true, "d": 1.5, "a": [1, "x"], "t": ["k": 2], "n": nil]
        #expect(table["s"] == .longString(ByteBuffer(string: "text")))
        #expect(table["i"] == .int64(1))
        #expect(table["b"] == .bool(true))
        #expect(table["d"] == .double(1.5))
        #expect(table["a"] == .array([.int64(1), .string("x")]))
        #expect(table["t"]?.tableValue?["k"] == .int64(2))
        #expect(table["n"] == .null)
        #expect(table.map(\.key) == ["s", "i", "b", "d", "a", "t", "n"])
    }

    @Test func stringIsReadFromBothStringTypes() {
        #expect(AMQPValue.string("é").stringValue == "é")
        #expect(AMQPValue.bytes(ByteBuffer(string: "x")).stringValue == "x")
        #expect(AMQPValue.bytes(ByteBuffer(bytes: [0xFF])).stringValue == nil)
        #expect(AMQPValue.int8(1).stringValue == nil)
    }

    @Test(
        arguments: [
            .int8(7), .uint8(7), .int16(7), .uint16(7), .int32(7), .uint32(7), .int64(7), .uint64(7),
        ] as [AMQPValue])
    func integerIsReadFromEveryIntegerType(value: AMQPValue) {
        #expect(value.integerValue == 7)
    }

    @Test func integerIsNotGuessed() {
        #expect(AMQPValue.uint64(.max).integerValue == nil)
        #expect(AMQPValue.string("7").integerValue == nil)
        #expect(AMQPValue.double(7).integerValue == nil)
        #expect(AMQPValue.timestamp(7).integerValue == nil)
    }

    @Test func settingReplacesTheFirstAndNilRemovesAll() {
        var table = AMQPTable([("a", 1), ("b", 2), ("a", 3)])
        #expect(table["a"] == 1)
        table["a"] = 4
        #expect(table == AMQPTable([("a", 4), ("b", 2), ("a", 3)]))
        table["a"] = nil as AMQPValue?
        #expect(table == ["b": 2])
        table["c"] = "x"
        #expect(table.count == 2 && table["c"] == "x")
    }

    @Test func slicesOfTheSameBytesAreEqual() {
        let read = ByteBuffer(string: "xxabcxx")
        #expect(AMQPValue.longString(read.getSlice(at: 2, length: 3) ?? ByteBuffer()) == "abc")
    }
}
