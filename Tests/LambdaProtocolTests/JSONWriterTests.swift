import LambdaProtocol
import NIOCore
import Testing

@Suite struct JSONWriterTests {
    @Test func membersAndElementsStandInTheOrderInWhichTheyAreWritten() {
        var writer = JSONWriter()
        writer.object { object in
            object.member("a", "x")
            object.member("b", nil)
            object.object("c") { $0.member("d", 7) }
            object.object("e") { _ in }
            object.array("f") { array in
                array.element("1")
                array.object { $0.member("g", true) }
                array.element("2")
            }
            object.array(named: "h\"") { _ in }
            object.member(named: "i", "y")
            object.member("j", plain: "QQ==")
            object.member("k", utf8: ByteBuffer(string: "é\n"))
            object.member("l", false)
        }
        let expected = #"{"a":"x","b":null,"c":{"d":7},"e":{},"f":["1",{"g":true},"2"],"h\"":[],"i":"y","#
            + #""j":"QQ==","k":"é\n","l":false}"#
        #expect(String(buffer: writer.bytes) == expected)
    }

    @Test func everyStringComesBackAsItWas() {
        let scalars = (0..<0x250).compactMap(Unicode.Scalar.init).map { String($0) }
        let texts = scalars + [scalars.joined(), "", "😀\u{2028}", "\\\"", "a\u{7f}b"]
        for text in texts {
            var writer = JSONWriter()
            writer.object { $0.member("a", text) }
            #expect(JSONValidator.validate(writer.bytes) == nil)
            #expect((try? JSONValue.parse(writer.bytes).get())?["a"] == .string(text), "\(text.debugDescription)")
        }
    }
}

@Suite struct JSONMembersTests {
    private func members(_ text: String) -> [String]? {
        JSONMembers(ByteBuffer(string: text))?.all.map { "\($0.name)=\(String(buffer: $0.value))" }
    }

    @Test(arguments: [
        ("{}", []), (" { } ", []), (#"{"a":1}"#, ["a=1"]),
        (#" {"a" : 1 , "b":[1, {"c":"]}"}] ,"d":{"e":"\"}"}, "f":"g,h" ,"i":null}"#,
            ["a=1", #"b=[1, {"c":"]}"}]"#, #"d={"e":"\"}"}"#, #"f="g,h""#, "i=null"]),
        (#"{"a":1,"a":-2.5e3}"#, ["a=1", "a=-2.5e3"]), (#"{"\u0061\"":true}"#, ["a\"=true"]),
    ] as [(String, [String])])
    func membersAreSlicesOfTheText(text: String, members: [String]) {
        #expect(self.members(text) == members)
    }

    @Test(arguments: ["[]", "1", #""a""#, "null"])
    func whatIsNoObjectHasNone(text: String) {
        #expect(self.members(text) == nil)
    }

    @Test func theLastOfANameCounts() {
        let members = JSONMembers(ByteBuffer(string: #"{"a":1,"a":2}"#))
        #expect(members?["a"] == ByteBuffer(string: "2"))
        #expect(members?["b"] == nil)
    }

    @Test(arguments: [
        ("[]", []), (#" [ 1 ,"a, b",[2,3], {"c":[4]} ] "#, ["1", #""a, b""#, "[2,3]", #"{"c":[4]}"#]),
    ] as [(String, [String])])
    func elementsToo(text: String, elements: [String]) {
        #expect(JSONMembers.elements(ByteBuffer(string: text))?.map { String(buffer: $0) } == elements)
        #expect(JSONMembers.elements(ByteBuffer(string: "{}")) == nil)
    }

    @Test(arguments: [
        (" { \"a b\" : [ 1 , \"x \\\" y\" ] }\n", "{\"a b\":[1,\"x \\\" y\"]}"), ("1", "1"), ("\"\\\\\" ", "\"\\\\\""),
    ])
    func compactionLeavesOutWhatIsBetweenTokens(text: String, compact: String) {
        #expect(String(buffer: JSONCompaction.compact(ByteBuffer(string: text))) == compact)
    }
}
