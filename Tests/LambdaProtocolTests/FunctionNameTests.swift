import LambdaProtocol
import Testing

@Suite struct FunctionNameTests {
    @Test(arguments: [
        ("hello", FunctionName(name: "hello")),
        ("he-l_l.o", FunctionName(name: "he-l_l.o")),
        ("hello:prod", FunctionName(name: "hello", qualifier: "prod")),
        ("hello%3Aprod", FunctionName(name: "hello", qualifier: "prod")),
        ("hello:%24LATEST", FunctionName(name: "hello", qualifier: "$LATEST")),
        ("hello:$LATEST.PUBLISHED", FunctionName(name: "hello", qualifier: "$LATEST.PUBLISHED")),
        ("123456789012:function:hello", FunctionName(name: "hello", accountID: "123456789012")),
        ("123456789012:hello:7", FunctionName(name: "hello", qualifier: "7", accountID: "123456789012")),
        (
            "arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Ahello%3A7",
            FunctionName(name: "hello", qualifier: "7", accountID: "123456789012", region: "eu-west-1")
        ),
        (
            "arn:aws-us-gov:lambda:us-gov-east-1:123456789012:function:hello",
            FunctionName(name: "hello", accountID: "123456789012", region: "us-gov-east-1")
        ),
        (
            "arn:aws-iso-b:lambda:us-isob-east-1:123456789012:function:hello",
            FunctionName(name: "hello", accountID: "123456789012", region: "us-isob-east-1")
        ),
        (
            "arn:aws-eusc:lambda:eusc-de-east-1:123456789012:function:hello",
            FunctionName(name: "hello", accountID: "123456789012", region: "eusc-de-east-1")
        ),
        // As a regular expression would: what is left must be a name.
        (
            "arn:aws:lambda:eu-west-1:123456789012:function",
            FunctionName(name: "function", accountID: "123456789012", region: "eu-west-1")
        ),
        ("function", FunctionName(name: "function")),
        ("function:$LATEST", FunctionName(name: "function", qualifier: "$LATEST")),
        ("function:prod", FunctionName(name: "prod")),
        ("123456789012", FunctionName(name: "123456789012")),
        ("eu-west-1", FunctionName(name: "eu-west-1")),
        ("eu-west-1:hello", FunctionName(name: "hello", region: "eu-west-1")),
        ("arn", FunctionName(name: "arn")),
        ("arn:prod", FunctionName(name: "arn", qualifier: "prod")),
        ("arn::lambda:hello", FunctionName(name: "hello")),
    ] as [(String, FunctionName)])
    func namesAndARNsAreRead(segment: String, expected: FunctionName) {
        #expect(FunctionName.parse(segment: segment) == .success(expected))
    }

    @Test(arguments: [
        "", ":", "hello:", ":prod", "a b", "hello%", "hello%zz", "hello:$prod", "a:b:c", "hé", "arn:aws:lambda",
        "arn:aws:s3:eu-west-1:123456789012:function:hello", "arn:aws1:lambda:hello:a:b", "hello%2Fworld",
        "arn:aws:lambda:eu-west-1:12345678901:function:hello", "hello:prod:", "a:b:c:d:e:f:g:h:i:j:k",
    ])
    func whatIsNoNameIsAValidationError(segment: String) throws {
        let error = try #require(FunctionName.parse(segment: segment).failure)
        #expect(error.kind == .validation)
        #expect(error.message.hasPrefix("1 validation error detected: Value '"))
        #expect(error.message.contains("' at 'functionName' failed to satisfy constraint: Member must satisfy "))
        #expect(error.message.hasSuffix(#"([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"#))
    }

    @Test func aNameOf65CharactersIsNoValidationError() {
        let name = String(repeating: "x", count: 65)
        #expect(FunctionName.parse(segment: name) == .success(FunctionName(name: name)))
    }

    @Test func aNameOver256BytesIsOne() throws {
        let error = try #require(FunctionName.parse(segment: String(repeating: "x", count: 257)).failure)
        #expect(error.message.hasSuffix("Member must have length less than or equal to 256"))
    }

    @Test func theQualifierParameterMayRepeatTheDerivedOneOnly() {
        let prod = FunctionName(name: "f", qualifier: "prod")
        #expect(FunctionName.parse(segment: "f", qualifier: "prod") == .success(prod))
        #expect(FunctionName.parse(segment: "f:prod", qualifier: "prod") == .success(prod))
        #expect(FunctionName.parse(segment: "f:prod", qualifier: "") == .success(prod))
        let error = FunctionName.parse(segment: "f:prod", qualifier: "test").failure
        #expect(error?.kind == .invalidParameterValue)
        #expect(
            error?.message
                == "The derived qualifier from the function name does not match the specified qualifier.")
    }

    @Test func qualifierErrorsStandBeforeNameErrors() throws {
        let qualifier = String(repeating: "q", count: 129)
        let error = try #require(FunctionName.parse(segment: "a b", qualifier: qualifier).failure)
        #expect(
            error.message.hasPrefix(
                "2 validation errors detected: Value '\(qualifier)' at 'qualifier' failed to satisfy constraint: "
                    + "Member must have length less than or equal to 128; Value 'a b' at 'functionName' failed"))
        #expect(
            FunctionName.parse(segment: "f", qualifier: "a.b").failure?.message.hasSuffix(
                #"Member must satisfy regular expression pattern: \$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"#) == true)
    }
}

extension Result {
    var failure: Failure? {
        if case .failure(let error) = self { return error }
        return nil
    }
}
