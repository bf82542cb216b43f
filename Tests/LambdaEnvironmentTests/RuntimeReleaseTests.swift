import LambdaEnvironment
import Testing

@Suite struct RuntimeReleaseTests {
    @Test func aReleaseIsTheFirstWordOfTheAgentAndTheFeatures() {
        #expect(RuntimeRelease.text(userAgent: "aws-lambda-python/3.13.1-3.0.1 extra", features: nil)
            == "aws-lambda-python/3.13.1-3.0.1")
        #expect(RuntimeRelease.text(userAgent: "aws-lambda-java/21", features: "xray otel")
            == "aws-lambda-java/21 (xray otel)")
        #expect(RuntimeRelease.text(userAgent: nil, features: "xray") == nil)
        #expect(RuntimeRelease.text(userAgent: " ", features: nil) == nil)
    }

    @Test func aReleaseFitsIntoOneLineOf128Characters() {
        #expect(RuntimeRelease.text(userAgent: String(repeating: "a", count: 200), features: nil)?.count == 128)
        #expect(RuntimeRelease.text(userAgent: "a\tb\u{e9}", features: nil) == "ab")
    }

    @Test func theImageTellsItsRuntimeInItsOwnWay() {
        #expect(RuntimeRelease.text(executionEnvironment: "AWS_Lambda_python3.13") == "python3.13")
        #expect(RuntimeRelease.text(executionEnvironment: "something else") == nil)
        #expect(RuntimeRelease.text(executionEnvironment: nil) == nil)
    }
}
