import LambdaHTTP
import LambdaInvokeAPI
import LambdaProtocol
import Logging
import NIOCore
import NIOPosix
import Testing

@Suite(.timeLimit(.minutes(1))) struct InvokeAPITests {
    private static let path = "/2015-03-31/functions/hello/invocations"

    @Test func resultComesBackVerbatimWithItsHeaders() async throws {
        try await withAPI { api in
            let answer = try await api.post(Self.path, body: #" {"a": 1} "#, headers: "X-Amzn-Trace-Id: Root=1-a\r\n")
            #expect(answer.status == 200)
            #expect(answer.body == #" {"a": 1} "#)
            #expect(answer.header("Content-Type") == "application/json")
            #expect(answer.header("X-Amz-Executed-Version") == "$LATEST")
            #expect(answer.header("X-Amz-Function-Error") == nil)
            #expect(answer.header("X-Amz-Log-Result") == nil)
            #expect(answer.header("X-Amzn-Trace-Id")?.hasPrefix("Root=1-a;Parent=") == true)
            let request = try await api.lastRequest()
            #expect(request.requestID == answer.header("x-amzn-RequestId"))
            #expect(request.invokedFunctionARN == "arn:hello")
            #expect(request.traceID == answer.header("X-Amzn-Trace-Id"))
        }
    }

    @Test func headersReachTheInvocation() async throws {
        try await withAPI { api in
            let answer = try await api.post(
                "/2015-03-31/functions/hello/invocations?Qualifier=%24LATEST", body: "1",
                headers: "x-amz-log-type: Tail\r\nx-amz-client-context: eyJhIjoxfQ==\r\nX-Amz-Tenant-Id: t 1\r\n"
                    + "x-lambda-idempotency-key: order 17\r\n")
            #expect(answer.header("X-Amz-Log-Result") == Base64.encode(Array("END RequestId\n".utf8)))
            let request = try await api.lastRequest()
            #expect(request.wantsLogTail)
            #expect(request.clientContext == #"{"a":1}"#)
            #expect(request.tenantID == "t 1")
            #expect(request.idempotencyKey == "order 17")
            #expect(request.invokedFunctionARN == "arn:hello:$LATEST")
        }
    }

    @Test func theSDKsInvocationIDIsNotTheRequestID() async throws {
        try await withAPI { api in
            let header = "amz-sdk-invocation-id: 11111111-1111-4111-8111-111111111111\r\n"
            let first = try await api.post(Self.path, body: "1", headers: header)
            let second = try await api.post(Self.path, body: "1", headers: header)
            #expect(first.header("x-amzn-RequestId") != second.header("x-amzn-RequestId"))
        }
    }

    @Test func anARNInOneSegmentIsDecodedOnce() async throws {
        try await withAPI { api in
            let arn = "arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Ahello%3Aprod"
            let answer = try await api.post("/2015-03-31/functions/\(arn)/invocations", body: "1")
            #expect(answer.status == 200)
            let last = try await api.lastRequest()
            #expect(last.invokedFunctionARN == "arn:hello:prod")
        }
    }

    @Test func functionErrorIsStatus200WithItsMark() async throws {
        try await withAPI { api in
            let answer = try await api.post("/2015-03-31/functions/fails/invocations", body: "1")
            #expect(answer.status == 200)
            #expect(answer.header("X-Amz-Function-Error") == "Unhandled")
            #expect(answer.body == #"{"errorMessage":"oops"}"#)
        }
    }

    @Test func refusalCarriesReasonAndRetryAfter() async throws {
        try await withAPI { api in
            let answer = try await api.post("/2015-03-31/functions/busy/invocations", body: "1")
            #expect(answer.status == 429)
            #expect(answer.header("x-amzn-ErrorType") == "TooManyRequestsException")
            #expect(answer.header("Retry-After") == "1")
            #expect(answer.body == #"{"Type":"User","message":"Rate Exceeded.","Reason":"R"}"#)
            #expect(answer.header("x-amzn-RequestId").map { RequestID.isValid($0) } == true)
        }
    }

    @Test func eventIsAcceptedThenRun() async throws {
        try await withAPI { api in
            let answer = try await api.post(
                Self.path, body: "{}", headers: "X-Amz-Invocation-Type: Event\r\nX-Amz-Log-Type: Tail\r\n")
            #expect(answer.status == 202)
            #expect(answer.body == "")
            #expect(answer.header("X-Amz-Executed-Version") == nil)
            let request = try await api.lastRequest()
            #expect(request.requestID == answer.header("x-amzn-RequestId"))
            #expect(!request.wantsLogTail)
        }
    }

    @Test func anEventThatIsTakenOverIsAcceptedWhenItIsKeptAndNotRunHere() async throws {
        let events = FakeEventAcceptor()
        try await withAPI(events: events) { api in
            let answer = try await api.post(Self.path, body: "[1]", headers: "X-Amz-Invocation-Type: Event\r\n")
            #expect(answer.status == 202)
            #expect(answer.body == "")
            #expect(events.requests.map(\.requestID) == [answer.header("x-amzn-RequestId")])
            #expect(events.requests.map { String(buffer: $0.event) } == ["[1]"])
            let older = try await api.post("/2014-11-13/functions/hello/invoke-async/", body: "[2]")
            #expect(older.status == 202)
            #expect(events.requests.count == 2)
            #expect(try await api.requestCount() == 0)
        }
    }

    @Test func anEventThatCannotBeKeptIsRefused() async throws {
        let events = FakeEventAcceptor(refusal: InvokeError(.serviceUnavailable, "no broker", retryAfterSeconds: 1))
        try await withAPI(events: events) { api in
            let answer = try await api.post(Self.path, body: "{}", headers: "X-Amz-Invocation-Type: Event\r\n")
            #expect(answer.status == 503)
            #expect(answer.header("x-amzn-ErrorType") == "ServiceUnavailableException")
            #expect(answer.header("Retry-After") == "1")
            #expect(try await api.requestCount() == 0)
        }
    }

    @Test func dryRunRunsNothing() async throws {
        try await withAPI { api in
            let answer = try await api.post(Self.path, body: "{}", headers: "X-Amz-Invocation-Type: DryRun\r\n")
            #expect(answer.status == 204)
            #expect(answer.header("x-amzn-RequestId") != nil)
            let count = try await api.requestCount()
            #expect(count == 0)
        }
    }

    @Test(arguments: ["invoke-async", "invoke-async/"])
    func theOldAsyncRouteTakesBothSpellings(ending: String) async throws {
        try await withAPI { api in
            let answer = try await api.post("/2014-11-13/functions/hello/\(ending)", body: "{}")
            #expect(answer.status == 202)
            let count = try await api.requestCount()
            #expect(count == 1)
            let large = "\"" + String(repeating: "x", count: 262_143) + "\""
            let again = try await api.post("/2014-11-13/functions/hello/\(ending)", body: large)
            #expect(again.status == 413)
        }
    }

    @Test func anEmptyPayloadIsAnEmptyObject() async throws {
        try await withAPI { api in
            let again = try await api.post(Self.path, body: "")
            #expect(again.body == "{}")
        }
    }

    @Test func aPayloadThatIsNotJSONIsRefusedUnlessBytesAreAllowed() async throws {
        try await withAPI { api in
            let answer = try await api.post(Self.path, body: "hello")
            #expect(answer.status == 400)
            #expect(answer.header("x-amzn-ErrorType") == "InvalidRequestContentException")
            #expect(answer.body.contains("Could not parse request body into json: Could not parse payload into json: "))
            let count = try await api.requestCount()
            #expect(count == 0)
        }
        var bytes = InvokeAPIConfiguration()
        bytes.requiresJSON = false
        try await withAPI(bytes) { api in
            let again = try await api.post(Self.path, body: "hello")
            #expect(again.body == "hello")
        }
    }

    @Test func payloadsUpToTheLimitPass() async throws {
        try await withAPI { api in
            let largest = "\"" + String(repeating: "x", count: 6_291_454) + "\""
            let again = try await api.post(Self.path, body: largest)
            #expect(again.body == largest)
            let answer = try await api.post(Self.path, body: largest + " ")
            #expect(answer.status == 413)
            #expect(answer.header("x-amzn-ErrorType") == "RequestTooLargeException")
            #expect(
                answer.body.contains(
                    "6291457 byte payload is too large for the RequestResponse invocation type (limit 6291456 bytes)"))
            let event = "\"" + String(repeating: "x", count: 1_048_575) + "\""
            let refused = try await api.post(Self.path, body: event, headers: "X-Amz-Invocation-Type: Event\r\n")
            #expect(refused.body.contains("1048577 byte payload is too large for the Event invocation type"))
        }
    }

    @Test(arguments: [
        ("X-Amz-Invocation-Type: foo", "ValidationException", "enum value set: [Event, RequestResponse, DryRun]"),
        ("X-Amz-Log-Type: foo", "ValidationException", "enum value set: [None, Tail]"),
        ("X-Amz-Client-Context: ???", "InvalidRequestContentException", "valid Base64-encoded JSON object"),
        ("X-Amz-Client-Context: WzFd", "InvalidRequestContentException", "valid Base64-encoded JSON object"),
    ])
    func badHeadersAreRefused(header: String, type: String, text: String) async throws {
        try await withAPI { api in
            let answer = try await api.post(Self.path, body: "{}", headers: header + "\r\n")
            #expect(answer.status == 400)
            #expect(answer.header("x-amzn-ErrorType") == type)
            #expect(answer.body.contains(text))
        }
    }

    @Test(arguments: [
        ("/2015-03-31/functions/nobody/invocations", 404, "ResourceNotFoundException"),
        ("/2015-03-31/functions/a%20b/invocations", 400, "ValidationException"),
        ("/2015-03-31/functions/hello:a/invocations?Qualifier=b", 400, "InvalidParameterValueException"),
        ("/2015-03-31/functions//invocations", 404, "UnknownOperationException"),
        ("/2015-03-31/functions/a/b/invocations", 404, "UnknownOperationException"),
        ("/2015-03-31/functions/hello/invocation", 404, "UnknownOperationException"),
        ("/2021-11-15/functions/hello/response-streaming-invocation", 404, "UnknownOperationException"),
        ("/", 404, "UnknownOperationException"),
    ])
    func badPathsAreRefused(path: String, status: Int, type: String) async throws {
        try await withAPI { api in
            let answer = try await api.post(path, body: "{}")
            #expect(answer.status == status)
            #expect(answer.header("x-amzn-ErrorType") == type)
            #expect(answer.header("Content-Type") == "application/json")
            #expect(answer.body.hasPrefix("{\""))
        }
    }

    @Test func otherMethodsAreRefused() async throws {
        try await withAPI { api in
            let answer = try await api.request("GET", Self.path, body: "", headers: "")
            #expect(answer.status == 405)
            #expect(answer.body == #"{"message":"The method must be POST."}"#)
            let count = try await api.requestCount()
            #expect(count == 0)
        }
    }

    @Test func aClientThatHangsUpDoesNotEndItsInvocation() async throws {
        try await withAPI { api in
            try await api.sendAndHangUp("/2015-03-31/functions/slow/invocations")
            for await _ in api.invoker.slowInvocationsEnded { break }
            let again = try await api.post(Self.path, body: "1")
            #expect(again.status == 200)
        }
    }
}
