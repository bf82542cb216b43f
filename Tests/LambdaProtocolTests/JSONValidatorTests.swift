import LambdaProtocol
import NIOCore
import Testing

@Suite struct JSONValidatorTests {
    @Test(arguments: [
        "{}", "[]", "\"\"", "0", "-0", "1.5e+10", "1E5", "true", "false", "null", " \t\r\n{ } ", "[1,[2,[3]]]",
        #"{"a":{"b":[1,"two",null,true]},"a":2}"#, #""\"\\\/\b\f\n\r\t\u00e9\uD800""#, "\"é𝄞日本\"", "\"\u{7f}\"",
        #"{"key":"value which is longer than a word, with a \" in it"}"#, "[[],{}]", "\"12345678\"", "\"1234567\"",
    ])
    func jsonIsAccepted(text: String) {
        #expect(JSONValidator.validate(ByteBuffer(string: text)) == nil)
    }

    @Test(arguments: [
        ("", 1, "Unexpected end-of-input"), ("  ", 3, "Unexpected end-of-input"),
        ("hello", 1, "Unexpected character ('h' (code 104)): expected a JSON value"),
        ("tru", 4, "Unexpected end-of-input"), ("trux", 4, "Unexpected character ('x' (code 120)): expected 'true'"),
        ("truex", 5, "Unexpected character ('x'"), ("{", 2, "Unexpected end-of-input"), ("[1,]", 4, "Unexpected"),
        ("[1 2]", 4, "Unexpected character ('2' (code 50)): expected a comma or ']'"),
        ("{\"a\":1,}", 8, "Unexpected"), ("{\"a\" 1}", 6, "Unexpected"), ("{a:1}", 2, "Unexpected"),
        ("{\"a\":1]", 7, "Unexpected"), ("[1}", 3, "Unexpected"), ("}", 1, "Unexpected"), ("{} {}", 4, "Unexpected"),
        ("01", 2, "Unexpected character ('1' (code 49)): leading zeroes"), ("-", 2, "Unexpected end"),
        ("-a", 2, "Unexpected"), ("1.", 3, "Unexpected end"), ("1.x", 3, "Unexpected"), ("1e", 3, "Unexpected end"),
        ("1e+", 4, "Unexpected end"), (".5", 1, "Unexpected"), ("+1", 1, "Unexpected"), ("NaN", 1, "Unexpected"),
        ("\"abc", 5, "Unexpected end-of-input in a string"), ("\"a\nb\"", 3, "Unexpected character (code 10)"),
        ("\"\\x\"", 3, "Unexpected character ('x' (code 120)): unknown escape"), ("\"\\u00g0\"", 6, "Unexpected"),
        ("\"\\u00", 6, "Unexpected end"), ("'a'", 1, "Unexpected"), ("\u{feff}{}", 1, "Unexpected"),
        ("[1]\u{b}", 4, "Unexpected"), ("{\"a\":}", 6, "Unexpected"), ("\"12345678", 10, "Unexpected end"),
    ] as [(String, Int, String)])
    func whatIsNotJSONIsRefusedAtItsColumn(text: String, column: Int, reason: String) throws {
        let failure = try #require(JSONValidator.validate(ByteBuffer(string: text)))
        #expect(failure.reason.hasPrefix(reason), "\(failure)")
        #expect(failure.column == column - (text.first == "\n" ? 1 : 0))
    }

    /// Long strings are looked at in words and in blocks of words: what needs a look is seen wherever it stands.
    @Test(arguments: [0x00, 0x1F, 0x80, 0xFF] as [UInt8])
    func aByteThatIsRefusedIsSeenAnywhereInALongString(byte: UInt8) throws {
        for count in [200, 256] {
            for index in 0..<count {
                var text = [UInt8](repeating: UInt8(ascii: "~"), count: count)
                text[index] = byte
                let failure = JSONValidator.validate(ByteBuffer(bytes: [0x22] + text + [0x22]))
                #expect(failure?.column == index + 2)
            }
        }
    }

    @Test func theEndOfALongStringIsSeenWhereverItIs() throws {
        for count in 0..<300 {
            let string = [0x22] + [UInt8](repeating: UInt8(ascii: " "), count: count) + [0x22]
            #expect(JSONValidator.validate(ByteBuffer(bytes: string)) == nil)
            let more = JSONValidator.validate(ByteBuffer(bytes: string + [UInt8](repeating: 0x7E, count: 80)))
            #expect(more?.column == count + 3)
        }
    }

    @Test func anEscapeIsReadWhereverItStandsInALongString() {
        for index in 0..<200 {
            var text = [UInt8](repeating: 0x7F, count: 200)
            text.replaceSubrange(index..<index, with: Array(#"\""#.utf8) + Array(#"\\"#.utf8))
            #expect(JSONValidator.validate(ByteBuffer(bytes: [0x22] + text + [0x22])) == nil)
        }
    }

    @Test func linesAreCounted() {
        let failure = JSONValidator.validate(ByteBuffer(string: "{\n  \"a\": 1,\n  b\n}"))
        #expect(failure?.line == 3)
        #expect(failure?.column == 3)
    }

    @Test(arguments: [
        [0x80], [0xc0, 0xaf], [0xc1, 0xbf], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80], [0xf0, 0x80, 0x80, 0x80],
        [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x82], [0xff], [0xc3, 0x28],
    ] as [[UInt8]])
    func whatIsNotUTF8IsRefused(bytes: [UInt8]) {
        #expect(JSONValidator.validate(ByteBuffer(bytes: [0x22] + bytes + [0x22])) != nil)
        #expect(JSONValidator.validate(ByteBuffer(bytes: [0x22] + bytes)) != nil)
    }

    @Test(arguments: [1, 63, 64, 65, 128, 129, 999, 1000])
    func depthsUpToTheLimitAreFollowedExactly(depth: Int) {
        var opening = ""
        var closing = ""
        for level in 0..<depth {
            opening += level.isMultiple(of: 3) ? "{\"k\":" : "["
            closing = (level.isMultiple(of: 3) ? "}" : "]") + closing
        }
        #expect(JSONValidator.validate(ByteBuffer(string: opening + "1" + closing)) == nil)
        #expect(JSONValidator.validate(ByteBuffer(string: opening + "1" + closing.dropLast())) != nil)
        let swapped = closing.replacingBrackets(at: depth / 2)
        #expect(JSONValidator.validate(ByteBuffer(string: opening + "1" + swapped)) != nil)
    }

    @Test func deeperTextsAreRefusedWithoutRecursion() throws {
        let text = String(repeating: "[", count: 1_000_000)
        let failure = try #require(JSONValidator.validate(ByteBuffer(string: text)))
        #expect(failure.reason == "Document nesting depth exceeds the maximum allowed (1000)")
        #expect(failure.column == 1001)
    }

    /// Random bytes, and JSON with one byte changed: never a trap, and the same answer at every alignment.
    @Test func randomBytesNeverTrap() {
        var random = Xorshift(state: 0x9e37_79b9_7f4a_7c15)
        let seed = Array(#"{"a":[1,-2.5e3,"é\u00e9\n"],"bcdefghijklmnop":{"q":null,"r":[true,false]}}"#.utf8)
        for _ in 0..<20_000 {
            var bytes = seed
            for _ in 0...Int(random.next() % 3) {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            bytes.removeLast(Int(random.next() % 4))
            let result = JSONValidator.validate(ByteBuffer(bytes: bytes))
            let shifted = ByteBuffer(bytes: [0x20, 0x20, 0x20] + bytes)
            #expect((JSONValidator.validate(shifted) == nil) == (result == nil))
        }
    }
}

private struct Xorshift: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state ^= self.state << 13
        self.state ^= self.state >> 7
        self.state ^= self.state << 17
        return self.state
    }
}

extension String {
    fileprivate func replacingBrackets(at position: Int) -> String {
        var characters = Array(self)
        characters[position] = characters[position] == "}" ? "]" : "}"
        return String(characters)
    }
}
