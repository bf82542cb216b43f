import LambdaProtocol
import Testing

@Suite struct FunctionPatternTests {
    @Test(arguments: [
        ("*", "a", nil, true), ("*", "a", "prod", true), ("a", "a", nil, true), ("a", "a", "$LATEST", true),
        ("a", "a", "prod", false), ("a", "ab", nil, false), ("a*", "ab", nil, true), ("a*", "a", "prod", true),
        ("a*", "b", nil, false), ("a:prod", "a", "prod", true), ("a:prod", "a", nil, false), ("a:prod", "a", "test", false),
        ("a:$LATEST", "a", nil, true), ("a:*", "a", "prod", true), ("a:*", "a", nil, true), ("a:*", "ab", nil, false),
        ("a:p*", "a", "prod", true), ("a:p*", "a", nil, false),
    ] as [(String, String, String?, Bool)])
    func namesWhatItSays(pattern: String, name: String, qualifier: String?, matches: Bool) throws {
        #expect(try #require(FunctionPattern(pattern)).matches(name, qualifier: qualifier) == matches)
    }

    @Test(arguments: ["", "a*b", "**", "a:b:c", "a.b", "a b", ":", "a:", ":a"])
    func whatNamesNothingIsNone(pattern: String) {
        #expect(FunctionPattern(pattern) == nil)
    }
}
