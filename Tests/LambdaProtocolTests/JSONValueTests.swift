import LambdaProtocol
import NIOCore
import Testing

@Suite struct JSONValueTests {
    func parse(_ text: String) -> JSONValue? {
        try? JSONValue.parse(ByteBuffer(string: text)).get()
    }

    @Test func everyKindOfValueIsRead() {
        #expect(
            self.parse(#" {"a" : [1, -2.5e3, true, false, null, "x"], "b": {}, "c": []} "#)
                == .object([
                    "a": .array([.number("1"), .number("-2.5e3"), .bool(true), .bool(false), .null, .string("x")]),
                    "b": .object([:]), "c": .array([]),
                ]))
        #expect(self.parse("\"text\"") == .string("text"))
        #expect(self.parse("7")?.integerValue == 7)
        #expect(self.parse("7.5")?.integerValue == nil)
        #expect(self.parse(#"{"a":{"b":"c"}}"#)?["a"]?["b"]?.stringValue == "c")
    }

    @Test(arguments: [
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"), (#""\u00e9\u20AC""#, "é€"), (#""\ud83d\ude00""#, "😀"),
        (#""\ud83dx""#, "\u{FFFD}x"), (#""\ud83d\u0041""#, "\u{FFFD}A"), (#""\ude00""#, "\u{FFFD}"), ("\"é\"", "é"),
    ])
    func escapesAreRead(_ json: String, _ text: String) {
        #expect(self.parse(json) == .string(text))
    }

    @Test(arguments: ["", "{", "[1,]", "{\"a\"}", "tru", "1 2", "\"\u{1}\""])
    func whatIsNoJSONIsRefused(_ text: String) {
        #expect(self.parse(text) == nil)
    }

    @Test func deepTextsAreRefused() {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(self.parse(nested(32)) != nil)
        #expect(self.parse(nested(33)) == nil)
        #expect(self.parse(nested(900)) == nil)
    }
}
