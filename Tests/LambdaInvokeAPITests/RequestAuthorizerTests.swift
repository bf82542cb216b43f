import LambdaInvokeAPI
import Testing

/// What the Invoke API does with what an authorizer says.
@Suite(.timeLimit(.minutes(1))) struct RequestAuthorizerTests {
    private let path = "/2015-03-31/functions/hello/invocations"

    @Test func aHeadThatIsRefusedRunsNothing() async throws {
        try await withAPI(authorizer: FakeAuthorizer()) { api in
            let answer = try await api.post(self.path, body: #""right""#)
            #expect(answer.status == 403)
            #expect(answer.header("x-amzn-errortype") == "MissingAuthenticationTokenException")
            #expect(answer.body == #"{"message":"missing"}"#)
            #expect(try await api.requestCount() == 0)
        }
    }

    @Test func whoProvesHisBodyIsServed() async throws {
        try await withAPI(authorizer: FakeAuthorizer()) { api in
            let headers = #"Authorization: "right""#
            #expect(try await api.post(self.path, body: #""right""#, headers: headers).status == 200)
            #expect(try await api.post(self.path + "?Qualifier=prod", body: #""right""#, headers: headers).status == 403)
            for path in [self.path, "/2021-11-15/functions/hello/response-streaming-invocations"] {
                let wrong = try await api.post(path, body: #""wrong""#, headers: headers)
                #expect(wrong.status == 403)
                #expect(wrong.header("x-amzn-errortype") == "InvalidSignatureException")
            }
            let later = try await api.post(
                "/2014-11-13/functions/hello/invoke-async", body: #""wrong""#, headers: headers)
            #expect(later.header("x-amzn-errortype") == "InvalidSignatureException")
            #expect(try await api.requestCount() == 1)
        }
    }

    @Test func whoMayNotInvokeTheFunctionIsDenied() async throws {
        try await withAPI(authorizer: FakeAuthorizer()) { api in
            let answer = try await api.post(
                "/2015-03-31/functions/other/invocations", body: #""right""#, headers: #"Authorization: "right""#)
            #expect(answer.status == 403)
            #expect(answer.header("x-amzn-errortype") == "AccessDeniedException")
            #expect(
                answer.body
                    == #"{"Message":"User: arn:eve is not authorized to perform: lambda:InvokeFunction on resource: "#
                    + #"arn:other because no identity-based policy allows the lambda:InvokeFunction action"}"#)
        }
    }

    @Test func whatIsWrongWithARequestIsToldToWhoHasProvedHimself() async throws {
        try await withAPI(authorizer: FakeAuthorizer()) { api in
            let headers = #"Authorization: "right""#
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
