import Testing

@testable import LambdaEnvironment

@Suite struct PostedErrorTypeTests {
    @Test(arguments: [
        "Runtime.ImportModuleError", "Runtime.UserException", "Function.ResponseSizeTooLarge", "Runtime.Ab",
        "my.Function.Broken2",
    ])
    func typesOfAWSsFormAreTold(_ type: String) {
        #expect(PostedErrorType.told(type) == type)
    }

    /// Of Rust, Swift, Go and Ruby, in this order, and some that nobody sends.
    @Test(arguments: [
        nil, "unhandled", "Unhandled", "errorString", "Function<ArgumentError>", "", "Runtime.", "Runtime.A",
        "Runtime.a1", "Runtime.A1", "Runtime.Two Words", "Runtime\t.Name", ".Name", "Runtimes.Name", "Error.Name",
        "Runtime." + String(repeating: "A", count: 121),
    ])
    func everythingElseIsUnknown(_ type: String?) {
        #expect(PostedErrorType.told(type) == "Runtime.Unknown")
    }

    @Test(arguments: ["Function.", "Function.a", "Function.Two Words"])
    func whatBeginsAsAFunctionsErrorStaysOne(_ type: String) {
        #expect(PostedErrorType.told(type) == "Function.Unknown")
    }
}
