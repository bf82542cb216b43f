import LambdaProtocol
import NIOCore
import Testing

@testable import LambdaInvokeAPI

/// Contract 12.3 and 12.6: the front door's own answers.
@Suite struct FunctionURLErrorTests {
    private func answer(_ error: FunctionURLError, _ format: FunctionURL.PayloadFormat) -> String {
        let response = error.response(format)
        let fields = response.fields.map { "\($0.name): \($0.value)" }.joined(separator: ", ")
        return "\(response.status) [\(fields)] \(String(buffer: response.body))"
    }

    private func answer(_ kind: InvokeError.Kind, _ format: FunctionURL.PayloadFormat) -> String {
        self.answer(FunctionURLError(InvokeError(kind, "amqp://secret", retryAfterSeconds: 1)), format)
    }

    @Test func aFunctionThatFailedIs502WithoutDetails() {
        #expect(self.answer(.badGateway, .v2) == "502 [Content-Type: text/plain] Internal Server Error")
        #expect(
            self.answer(.badGateway, .v1)
                == #"502 [Content-Type: application/json] {"message":"Internal server error"}"#)
    }

    @Test(arguments: [
        (
            InvokeError.Kind.resourceNotFound,
            #"403 [Content-Type: application/json, X-Amzn-ErrorType: AccessDeniedException] {"Message":null}"#
        ),
        (.noAnswer, #"504 [Content-Type: application/json] {"Message":"Endpoint request timed out"}"#),
        (.requestExpired, #"504 [Content-Type: application/json] {"Message":"Endpoint request timed out"}"#),
        (
            .requestTooLarge,
            #"413 [Content-Type: application/json, X-Amzn-ErrorType: RequestTooLargeException] "#
                + #"{"Message":"Request Entity Too Large"}"#
        ),
        (
            .tooManyRequests,
            #"429 [Content-Type: application/json, X-Amzn-ErrorType: TooManyRequestsException, Retry-After: 1] "#
                + #"{"Message":"Rate Exceeded."}"#
        ),
        (
            .serviceUnavailable,
            #"503 [Content-Type: application/json, X-Amzn-ErrorType: ServiceUnavailableException, Retry-After: 1] "#
                + #"{"Message":"Service Unavailable"}"#
        ),
        (.service, "502 [Content-Type: text/plain] Internal Server Error"),
        (.invalidRequestContent, "502 [Content-Type: text/plain] Internal Server Error"),
    ])
    func whyAnInvocationWasRefusedIsToldInFewWords(kind: InvokeError.Kind, text: String) {
        #expect(self.answer(kind, .v2) == text)
    }

    @Test func withoutASignatureItIsForbiddenAndAWrongOneIsExplained() {
        let missing = InvokeError(
            .init(errorType: "MissingAuthenticationTokenException", status: 403, faultType: nil), "Missing")
        #expect(FunctionURLError(signature: missing) == .forbidden)
        #expect(
            self.answer(.forbidden, .v2)
                == "403 [Content-Type: application/json, X-Amzn-ErrorType: AccessDeniedException] "
                + #"{"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: "#
                + #"https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"}"#)
        let wrong = InvokeError(.init(errorType: "InvalidSignatureException", status: 403, faultType: nil), "Why.")
        #expect(
            self.answer(FunctionURLError(signature: wrong), .v2)
                == "403 [Content-Type: application/json, X-Amzn-ErrorType: InvalidSignatureException] "
                + #"{"message":"Why."}"#)
    }

    @Test func aTimeOutOfARESTAPIIs504() {
        #expect(
            self.answer(.noAnswer, .v1)
                == #"504 [Content-Type: application/json] {"message":"Endpoint request timed out"}"#)
    }
}
