import Testing

@testable import LambdaGateway

@Suite struct FunctionQueueNameTests {
    @Test(arguments: [
        ("echo", nil, "echo"), ("echo", "$LATEST", "echo"), ("echo", "prod", "echo:prod"), ("echo", "7", "echo:7"),
        ("A-b_9", nil, "A-b_9"),
    ] as [(String, String?, String)])
    func aFunctionsQueueHasItsNameAndItsQualifier(name: String, qualifier: String?, queue: String) {
        #expect(FunctionQueueName.of(name, qualifier: qualifier) == queue)
    }

    @Test(arguments: [
        ("amq.gen-1", nil), ("echo.async", nil), ("", nil), ("a b", nil), ("écho", nil), ("echo", ""),
        ("echo", "$LATEST.PUBLISHED"), ("echo", "a.b"), ("echo", "a$b"), ("echo", "a:b"), ("a:b", nil),
        (String(repeating: "x", count: 65), nil), ("echo", String(repeating: "x", count: 129)),
    ] as [(String, String?)])
    func noOtherQueueCanBeNamed(name: String, qualifier: String?) {
        #expect(FunctionQueueName.of(name, qualifier: qualifier) == nil)
    }

    @Test func theLongestNamesAreNames() {
        let name = String(repeating: "x", count: 64)
        let qualifier = String(repeating: "y", count: 128)
        #expect(FunctionQueueName.of(name, qualifier: qualifier) == "\(name):\(qualifier)")
    }
}
