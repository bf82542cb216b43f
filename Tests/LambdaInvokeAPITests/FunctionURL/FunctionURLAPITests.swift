import LambdaInvokeAPI
import LambdaProtocol
import NIOCore
import NIOHTTP1
import Testing

/// Function URLs through a socket.
@Suite(.timeLimit(.minutes(1))) struct FunctionURLAPITests {
    private let file = #"{"urls":[{"pathPrefix":"/hello","stripPrefix":true,"function":"hello"},"#
        + #"{"pathPrefix":"/v1","function":"hello","payloadFormat":"1.0"},"#
        + #"{"pathPrefix":"/streams","function":"streams","invokeMode":"RESPONSE_STREAM"},"#
        + #"{"pathPrefix":"/scripted","function":"scripted","cors":{"AllowOrigins":["https://app.example"],"#
        + #""AllowMethods":["PUT"],"ExposeHeaders":["X-Seen"]}},"#
        + #"{"pathPrefix":"/fails","function":"fails","cors":{"AllowOrigins":["*"]}},"#
        + #"{"pathPrefix":"/fails1","function":"fails","payloadFormat":"1.0"},"#
        + #"{"pathPrefix":"/busy","function":"busy"},{"pathPrefix":"/nobody","function":"nobody"},"#
        + #"{"domain":"shop.example","function":"hello"}]}"#

    private func withURLs(limit: Int? = nil, _ body: (TestAPI) async throws -> Void) async throws {
        var configuration = FunctionURLConfiguration()
        for entry in try FunctionURLFile(ByteBuffer(string: self.file)).entries {
            #expect(configuration.table.add(entry) == true)
        }
        if let limit { configuration.limits.requestByteCount = limit }
        try await withServer({ invoker in
            let api = FunctionURLAPI(invoker: invoker, configuration: configuration)
            return { if !api.serveDomain($0), !api.servePath($0) { api.refuse($0) } }
        }, body)
    }

    /// A function that answers with this.
    private func scripted(_ api: TestAPI, _ result: String, contentType: String? = nil) async throws {
        try await api.invoker.eventLoop.submit {
            api.invoker.scripted = FunctionReply(body: ByteBuffer(string: result), contentType: contentType)
        }.get()
    }

    @Test func aRequestIsAnEventAndTheResultAResponse() async throws {
        try await self.withURLs { api in
            let answer = try await api.request(
                "PUT", "/hello/a%2Fb?x=1&x=2", body: "hi", headers: "Host: a.example:1\r\nContent-Type: text/plain\r\n"
                    + "X-Forwarded-For: 9.9.9.9\r\nX-Amzn-Trace-Id: Root=1-a\r\n")
            #expect(answer.status == 200)
            #expect(answer.header("Content-Type") == "application/json")
            let event = try JSONValue.parse(answer.bytes).get()
            #expect(event["rawPath"] == .string("/a%2Fb"))
            #expect(event["rawQueryString"] == .string("x=1&x=2"))
            #expect(event["body"] == .string("hi"))
            #expect(event["headers"]?["x-forwarded-for"] == .string("127.0.0.1"))
            #expect(event["headers"]?["x-forwarded-port"] == .string("1"))
            let context = event["requestContext"]
            #expect(context?["http"]?["method"] == .string("PUT"))
            #expect(context?["http"]?["sourceIp"] == .string("127.0.0.1"))
            let request = try await api.lastRequest()
            #expect(context?["requestId"] == .string(request.requestID))
            #expect(answer.header("x-amzn-RequestId") == request.requestID)
            #expect(answer.header("X-Amzn-Trace-Id")?.hasPrefix("Root=1-a;Parent=") == true)
            #expect(request.traceID == answer.header("X-Amzn-Trace-Id"))
            #expect(event["headers"]?["x-amzn-trace-id"] == request.traceID.map { .string($0) })
            #expect(request.invokedFunctionARN == "arn:hello")
        }
    }

    @Test func aDomainLeadsToItsFunctionWhateverThePath() async throws {
        try await self.withURLs { api in
            let answer = try await api.request("GET", "/fails", body: "", headers: "Host: Shop.Example:8080\r\n")
            #expect(answer.status == 200)
            #expect(try JSONValue.parse(answer.bytes).get()["rawPath"] == .string("/fails"))
        }
    }

    @Test func payloadFormat1GivesItsEventAndWantsItsAnswer() async throws {
        try await self.withURLs { api in
            let answer = try await api.request("GET", "/v1/x", body: "", headers: "")
            // The event itself is no answer of that format.
            #expect(answer.status == 502)
            #expect(answer.body == #"{"message":"Internal server error"}"#)
            let event = try JSONValue.parse(try await api.lastRequest().event).get()
            #expect(event["version"] == .string("1.0"))
            #expect(event["path"] == .string("/v1/x"))
        }
    }

    @Test func statusHeadersAndCookiesAreSent() async throws {
        try await self.withURLs { api in
            try await self.scripted(
                api, #"{"statusCode":201,"headers":{"X-A":"1"},"cookies":["a=1","b=2"],"body":"aGk=","isBase64Encoded":true}"#)
            let answer = try await api.request("GET", "/scripted", body: "", headers: "")
            #expect(answer.status == 201)
            #expect(answer.header("X-A") == "1")
            #expect(answer.headers["Set-Cookie"] == ["a=1", "b=2"])
            #expect(answer.header("Content-Length") == "2")
            #expect(answer.body == "hi")
        }
    }

    @Test func headAnd204And304HaveNoBody() async throws {
        try await self.withURLs { api in
            try await self.scripted(api, #"{"statusCode":200,"body":"body123"}"#)
            let head = try await api.request("HEAD", "/scripted", body: "", headers: "")
            #expect(head.status == 200)
            #expect(head.header("Content-Length") == "7")
            #expect(head.body == "")
            for status in [204, 304] {
                try await self.scripted(api, #"{"statusCode":\#(status),"body":"body123"}"#)
                let answer = try await api.request("GET", "/scripted", body: "", headers: "")
                #expect(answer.status == status)
                #expect(answer.header("Content-Length") == nil)
                #expect(answer.body == "")
            }
        }
    }

    @Test func errorsAreTheFrontDoorsOwn() async throws {
        try await self.withURLs { api in
            for (path, status, body) in [
                ("/fails", 502, "Internal Server Error"), ("/fails1", 502, #"{"message":"Internal server error"}"#),
                ("/busy", 429, #"{"Message":"Rate Exceeded."}"#), ("/nobody", 403, #"{"Message":null}"#),
                ("/elsewhere", 403, #"{"Message":null}"#),
            ] {
                let answer = try await api.request("GET", path, body: "", headers: "")
                #expect(answer.status == status, "\(path)")
                #expect(answer.body == body, "\(path)")
                #expect(answer.header("x-amzn-RequestId").map { RequestID.isValid($0) } == true)
                #expect(answer.header("X-Amzn-Trace-Id") != nil)
            }
            try await self.scripted(api, #"{"statusCode":200,"headers":{"a":"b\r\nc: d"}}"#)
            let split = try await api.request("GET", "/scripted", body: "", headers: "")
            #expect(split.status == 502)
            #expect(split.header("c") == nil)
        }
    }

    @Test func aPreflightIsAnsweredHereAndErrorsHaveTheFieldsToo() async throws {
        try await self.withURLs { api in
            let preflight = try await api.request(
                "OPTIONS", "/scripted", body: "",
                headers: "Origin: https://app.example\r\nAccess-Control-Request-Method: PUT\r\n")
            #expect(preflight.status == 200)
            #expect(preflight.header("Access-Control-Allow-Origin") == "https://app.example")
            #expect(preflight.header("Access-Control-Allow-Methods") == "PUT")
            #expect(try await api.requestCount() == 0)
            try await self.scripted(
                api, #"{"statusCode":200,"headers":{"access-control-allow-origin":"*","Vary":"Accept"}}"#)
            let plain = try await api.request("PUT", "/scripted", body: "", headers: "Origin: https://app.example\r\n")
            #expect(plain.headers["Access-Control-Allow-Origin"] == ["https://app.example"])
            #expect(plain.headers["Vary"] == ["Accept", "Origin"])
            #expect(plain.header("Access-Control-Expose-Headers") == "X-Seen")
            let failed = try await api.request("GET", "/fails", body: "", headers: "Origin: https://app.example\r\n")
            #expect(failed.status == 502)
            #expect(failed.header("Access-Control-Allow-Origin") == "*")
        }
    }

    @Test func withoutCORSAPreflightGoesToTheFunction() async throws {
        try await self.withURLs { api in
            let answer = try await api.request(
                "OPTIONS", "/hello", body: "",
                headers: "Origin: https://app.example\r\nAccess-Control-Request-Method: PUT\r\n")
            #expect(try JSONValue.parse(answer.bytes).get()["requestContext"]?["http"]?["method"] == .string("OPTIONS"))
            #expect(answer.header("Access-Control-Allow-Origin") == nil)
        }
    }

    @Test func theEventsSizeCountsAndNotTheBodys() async throws {
        try await self.withURLs(limit: 2500) { api in
            let text = String(repeating: "x", count: 1500)
            let plain = try await api.request("POST", "/hello", body: text, headers: "Content-Type: text/plain\r\n")
            #expect(plain.status == 200)
            // Base64 makes 2000 of it, and then the event is over the limit.
            let grown = try await api.request("POST", "/hello", body: text, headers: "Content-Type: image/png\r\n")
            #expect(grown.status == 413)
            #expect(grown.body == #"{"Message":"Request Entity Too Large"}"#)
            let large = try await api.request(
                "POST", "/hello", body: text + text + "x", headers: "Content-Type: text/plain\r\n")
            #expect(large.status == 413)
            #expect(try await api.requestCount() == 1)
        }
    }

    // MARK: Signatures

    @Test func aURLOfAWSIAMWantsASignatureAndThePermission() async throws {
        var configuration = FunctionURLConfiguration()
        for entry in try FunctionURLFile(
            ByteBuffer(
                string: #"{"defaults":{"authType":"AWS_IAM"},"urls":[{"pathPrefix":"/hello","function":"hello"},"#
                    + #"{"pathPrefix":"/other","function":"other"},{"pathPrefix":"/nobody","function":"nobody"}]}"#)
        ).entries { _ = configuration.table.add(entry) }
        for authorizer in [FakeAuthorizer(), nil] {
            try await self.withSignedURLs(configuration, authorizer) { ask, requestCount in
                let unsigned = try await ask("/hello", nil, "b")
                #expect(unsigned.status == 403)
                #expect(unsigned.body.hasPrefix(#"{"Message":"Forbidden. For troubleshooting"#))
                let signed = try await ask("/hello", "b", "b")
                #expect(signed.status == (authorizer == nil ? 403 : 200))
                guard authorizer != nil else { return }
                let event = try JSONValue.parse(signed.bytes).get()
                #expect(event["requestContext"]?["authorizer"]?["iam"]?["accessKey"] == .string("AKID"))
                #expect(event["headers"]?["authorization"] == nil)
                let tampered = try await ask("/hello", "b", "c")
                #expect(tampered.status == 403)
                #expect(tampered.body == #"{"message":"wrong"}"#)
                #expect(tampered.header("x-amzn-ErrorType") == "InvalidSignatureException")
                let other = try await ask("/other", "b", "b")
                #expect(other.body.hasPrefix(#"{"Message":"Forbidden."#))
                // Only who has proved a name is told that there is no such function.
                let unknown = try await ask("/nobody", nil, "b")
                #expect(unknown.body.hasPrefix(#"{"Message":"Forbidden."#))
                let nobody = try await ask("/nobody", "b", "b")
                #expect(nobody.body == #"{"Message":null}"#)
                let count = try await requestCount()
                #expect(count == 1)
            }
        }
    }

    private func withSignedURLs(
        _ configuration: FunctionURLConfiguration, _ authorizer: FakeAuthorizer?,
        _ body: ((String, String?, String) async throws -> Answer, () async throws -> Int) async throws -> Void
    ) async throws {
        try await withServer({ invoker in
            let api = FunctionURLAPI(invoker: invoker, configuration: configuration, authorizer: authorizer)
            return { if !api.servePath($0) { api.refuse($0) } }
        }) { api in
            try await body(
                { path, signature, body in
                    try await api.request(
                        "POST", path, body: body, headers: signature.map { "Authorization: \($0)\r\n" } ?? "")
                }, { try await api.requestCount() })
        }
    }

    // MARK: Streams

    /// Requests `/streams`, and plays the function's part once it has begun.
    private func stream(
        _ api: TestAPI, _ play: @escaping @Sendable (any ResponseSink, (InvocationOutcome) -> Void) -> Void
    ) async throws -> Answer {
        async let answer = api.request("GET", "/streams", body: "", headers: "")
        while try await !api.invoker.eventLoop.submit({
            guard let stream = api.invoker.stream else { return false }
            api.invoker.stream = nil
            play(stream.sink, stream.completion)
            return true
        }).get() {}
        return try await answer
    }

    @Test func aStreamIsAChunkedBody() async throws {
        try await self.withURLs { api in
            let answer = try await self.stream(api) { sink, completion in
                #expect(sink.write(ByteBuffer(string: "one ")))
                #expect(sink.write(ByteBuffer(string: "two")))
                completion(.result(FunctionReply(body: ByteBuffer())))
            }
            #expect(answer.status == 200)
            #expect(answer.header("Transfer-Encoding") == "chunked")
            #expect(answer.header("Content-Type") == "text/plain")
            #expect(answer.header("x-amzn-RequestId") == (try await api.lastRequest().requestID))
            #expect(answer.body == "one two")
        }
    }

    @Test func anErrorInMidStreamEndsTheConnectionBeforeTheLastChunk() async throws {
        try await self.withURLs { api in
            await #expect(throws: (any Error).self) {
                try await self.stream(api) { sink, completion in
                    #expect(sink.write(ByteBuffer(string: "one ")))
                    completion(.functionError(FunctionReply(body: ByteBuffer(string: "{}"))))
                }
            }
            let next = try await api.request("GET", "/hello", body: "", headers: "")
            #expect(next.status == 200)
        }
    }

    @Test func aClientThatHangsUpInMidStreamTakesEverythingSoThatTheFunctionEnds() async throws {
        try await self.withURLs { api in
            try await api.hangUp("/streams") { try await api.invoker.fillStream() }
            try await api.invoker.endStreamThatNobodyReads()
            let next = try await api.request("GET", "/hello", body: "", headers: "")
            #expect(next.status == 200)
        }
    }
}
