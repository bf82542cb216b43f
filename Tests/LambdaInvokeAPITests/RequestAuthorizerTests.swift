import LambdaHTTP
import LambdaInvokeAPI
import LambdaProtocol
import NIOCore
import Testing

/// What the Invoke API does with what an authorizer says.
@Suite(.timeLimit(.minutes(1))) struct RequestAuthorizerTests {
    private let path = "/2015-03-31/functions/hello/invocations"

    @Test func aHeadThatIsRefusedRunsNothing() async throws {
        try await withAPI(authorizer: OneWordAuthorizer()) { api in
            let answer = try await api.post(self.path, body: #""right""#)
            #expect(answer.status == 403)
            #expect(answer.header("x-amzn-errortype") == "NobodyException")
            #expect(answer.body == #"{"message":"Who are you?"}"#)
            #expect(try await api.requestCount() == 0)
        }
    }

    @Test func whoProvesHisBodyIsServed() async throws {
        try await withAPI(authorizer: OneWordAuthorizer()) { api in
            let headers = "Authorization: right"
            #expect(try await api.post(self.path, body: #""right""#, headers: headers).status == 200)
            #expect(try await api.post(self.path + "?Qualifier=prod", body: #""right""#, headers: headers).status == 403)
            for path in [self.path, "/2021-11-15/functions/hello/response-streaming-invocations"] {
                let wrong = try await api.post(path, body: #""wrong""#, headers: headers)
                #expect(wrong.status == 403)
                #expect(wrong.header("x-amzn-errortype") == "ForgedException")
            }
            let later = try await api.post(
                "/2014-11-13/functions/hello/invoke-async", body: #""wrong""#, headers: headers)
            #expect(later.header("x-amzn-errortype") == "ForgedException")
            #expect(try await api.requestCount() == 1)
        }
    }

    @Test func whoMayNotInvokeTheFunctionIsDenied() async throws {
        try await withAPI(authorizer: OneWordAuthorizer()) { api in
            let answer = try await api.post(
                "/2015-03-31/functions/other/invocations", body: #""right""#, headers: "Authorization: right")
            #expect(answer.status == 403)
            #expect(answer.header("x-amzn-errortype") == "AccessDeniedException")
            #expect(
                answer.body
                    == #"{"Message":"User: arn:aws:iam::1:user/me is not authorized to perform: lambda:InvokeFunction on resource: "#
                    + #"arn:other because no identity-based policy allows the lambda:InvokeFunction action"}"#)
        }
    }

    @Test func whatIsWrongWithARequestIsToldToWhoHasProvedHimself() async throws {
        try await withAPI(authorizer: OneWordAuthorizer()) { api in
            let headers = "Authorization: right"
            let path = "/2015-03-31/functions/nobody/invocations"
            let right = try await api.post(path, body: #""right""#, headers: headers)
            #expect(right.status == 404)
            let wrong = try await api.post(path, body: #""wrong""#, headers: headers)
            #expect(wrong.status == 403)
            // Whether it is JSON is not told either.
            let bad = try await api.post(self.path, body: "wrong", headers: headers)
            #expect(bad.status == 403)
        }
    }
}

/// Knows one caller, by the word `right` in the head and in the body.
private final class OneWordAuthorizer: RequestAuthorizer, Sendable {
    func examine(_ head: HTTPRequest, arrival: EpochClock.Instant) -> Result<any RequestClaim, InvokeError> {
        guard head.headers.first(name: "authorization") == "right" else {
            return .failure(Self.error("NobodyException", "Who are you?"))
        }
        return .success(Claim())
    }

    private struct Claim: RequestClaim {
        func verify(_ body: ByteBuffer) -> Result<RequestCaller, InvokeError> {
            guard String(buffer: body) == #""right""# else { return .failure(OneWordAuthorizer.error("ForgedException", "No.")) }
            return .success(
                RequestCaller(
                    accessKeyID: "me", accountID: "1", userARN: "arn:aws:iam::1:user/me",
                    functions: [FunctionPattern("hello")].compactMap { $0 }))
        }
    }

    fileprivate static func error(_ type: String, _ message: String) -> InvokeError {
        InvokeError(.init(errorType: type, status: 403, faultType: nil), message)
    }
}
