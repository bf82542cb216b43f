import LambdaProtocol
import NIOCore
import Testing

@Suite struct Base64Tests {
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func vectorsOfTheRFCGoBothWays(plain: String, encoded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(plain.utf8))
        #expect(Base64.decode(encoded.filter { $0 != "=" }) == Array(plain.utf8))
    }

    @Test func everyByteGoesBothWays() {
        let bytes = (0...255).map { UInt8($0) }
        #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        #expect(Base64.encode(ByteBuffer(bytes: bytes).readableBytesView) == Base64.encode(bytes))
    }

    @Test(arguments: ["Z", "Zg=", "Zg===", "Z===", "Zh==", "Zm9=", "Zm 9v", "Zm9v\n", "Zm-_", "=", "====", "é"])
    func whatIsNotBase64IsRefused(text: String) {
        #expect(Base64.decode(text) == nil)
    }
}

@Suite struct ClientContextTests {
    private func decode(_ json: String) -> Result<String, InvokeError> {
        ClientContext.decode(Base64.encode(Array(json.utf8)), limits: LambdaLimits())
    }

    @Test func aContextBecomesOneLineOfASCII() {
        #expect(self.decode(#"{"custom":{"a":"b"}}"#) == .success(#"{"custom":{"a":"b"}}"#))
        #expect(self.decode("{\n\t\"a\":\r\n \"é𝄞\"}") == .success(#"{  "a":   "\u00e9\ud834\udd1e"}"#))
    }

    @Test func aDeleteCharacterIsEscapedAsNoHeaderFieldMayHoldIt() {
        #expect(self.decode("{\"a\":\"x\u{7F}y\"}") == .success(#"{"a":"x\u007fy"}"#))
    }

    @Test(arguments: ["[]", "1", "\"x\"", "", "{", "{\"a\":\"\n\"}"])
    func whatIsNoJSONObjectIsRefused(json: String) {
        let error = InvokeError(
            .invalidRequestContent, "Client context must be a valid Base64-encoded JSON object.")
        #expect(self.decode(json) == .failure(error))
        #expect(ClientContext.decode("{}", limits: LambdaLimits()) == .failure(error))
    }

    @Test func theLimitCountsEncodedBytes() {
        func context(_ byteCount: Int) -> String { "{\"a\":\"" + String(repeating: "x", count: byteCount - 8) + "\"}" }
        #expect((try? self.decode(context(2685)).get()) != nil)
        #expect((try? self.decode(context(2689)).get()) == nil)
    }
}

@Suite struct TraceHeaderTests {
    private let now = EpochClock.Instant(millisecondsSinceEpoch: 0x6543_2100 * 1000)

    @Test func aWholeHeaderPassesUntouched() {
        let header = "Sampled=1;Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Lineage=1:95:0"
        #expect(TraceHeader.complete(header, now: self.now) == header)
    }

    @Test func whatIsMissingIsAdded() {
        let root = "Root=1-5759e988-bd862e3fe1be46a994272793"
        let completed = TraceHeader.complete(root + ";Lineage=1:95:0", now: self.now)
        #expect(completed.hasPrefix(root + ";Lineage=1:95:0;Parent="))
        #expect(completed.hasSuffix(";Sampled=0"))
        #expect(completed.utf8.count == root.utf8.count + ";Lineage=1:95:0;Parent=;Sampled=0".utf8.count + 16)
    }

    @Test(arguments: [
        nil, "", "Parent=1", "XRoot=1", "Root=1\r\nx: y", "Root=é", String(repeating: "Root=1;", count: 40),
    ])
    func whatIsNoTraceHeaderIsReplaced(incoming: String?) {
        let made = TraceHeader.complete(incoming, now: self.now)
        #expect(made.hasPrefix("Root=1-65432100-"))
        let shape = "Root=1-12345678-123456789012345678901234;Parent=1234567890123456;Sampled=0"
        #expect(made.utf8.count == shape.utf8.count)
    }
}

@Suite struct RequestIDTests {
    @Test func idsAreUUIDsOfVersion4AndDiffer() {
        var seen: Set<String> = []
        for _ in 0..<1000 {
            let id = RequestID.make()
            #expect(RequestID.isValid(id))
            #expect(id.dropFirst(14).first == "4")
            #expect("89ab".contains(id.dropFirst(19).prefix(1)))
            seen.insert(id)
        }
        #expect(seen.count == 1000)
    }

    @Test func aKnownPatternIsWrittenInOrder() {
        let id = RequestID.make(high: 0x0123_4567_89ab_cdef, low: 0x0123_4567_89ab_cdef)
        #expect(id == "01234567-89ab-4def-8123-456789abcdef")
    }

    @Test(arguments: [
        "", "01234567-89ab-4def-8123-456789abcde", "01234567-89ab-4def-8123-456789abcdeg",
        "01234567089ab-4def-8123-456789abcdef", "01234567-89AB-4def-8123-456789abcdef",
    ])
    func otherTextsAreNone(text: String) {
        #expect(!RequestID.isValid(text))
    }
}

@Suite struct InvokeErrorTests {
    @Test func bodiesAreAsAWSWritesThem() {
        func text(_ error: InvokeError) -> String { String(buffer: error.body) }
        #expect(
            text(
                InvokeError(
                    .tooManyRequests, "Rate Exceeded.", reason: "ReservedFunctionConcurrentInvocationLimitExceeded"))
                == #"{"Type":"User","message":"Rate Exceeded.","#
                + #""Reason":"ReservedFunctionConcurrentInvocationLimitExceeded"}"#)
        #expect(text(InvokeError(.resourceNotFound, "a \"b\"\n")) == #"{"Type":"User","Message":"a \"b\"\n"}"#)
        #expect(text(InvokeError(.validation, "x")) == #"{"message":"x"}"#)
        #expect(text(InvokeError(.service, "x\u{1}")) == #"{"Type":"Service","Message":"x\u0001"}"#)
        #expect(
            text(.payloadTooLarge(byteCount: 6_291_457, type: .requestResponse, limit: 6_291_456))
                == #"{"Type":"User","message":"6291457 byte payload is too large for the RequestResponse invocation "#
                + #"type (limit 6291456 bytes)"}"#)
    }

    @Test func aPayloadThatIsNotJSONSaysWhere() throws {
        let error = try #require(EventPayload.check(ByteBuffer(string: "hello"), requiresJSON: true).failure)
        #expect(
            error.message.hasPrefix(
                "Could not parse request body into json: Could not parse payload into json: Unexpected character "))
        #expect(error.message.hasSuffix("at [Source: REDACTED; line: 1, column: 1]"))
    }

    @Test func anEmptyPayloadIsAnEmptyObjectAndBytesPassWhereTheyMay() {
        #expect(EventPayload.check(ByteBuffer(), requiresJSON: true) == .success(ByteBuffer(string: "{}")))
        let bytes = ByteBuffer(bytes: [0, 255])
        #expect(EventPayload.check(bytes, requiresJSON: false) == .success(bytes))
    }

    @Test func anARNHasTheCallersQualifier() {
        let arn = FunctionARN(region: "eu-west-1", accountID: "123456789012", name: "f")
        #expect(arn.text() == "arn:aws:lambda:eu-west-1:123456789012:function:f")
        #expect(arn.text(qualifier: "prod") == "arn:aws:lambda:eu-west-1:123456789012:function:f:prod")
        #expect(
            InvokeError.functionNotFound(arn, qualifier: nil).message
                == "Function not found: arn:aws:lambda:eu-west-1:123456789012:function:f:$LATEST")
    }
}

@Suite struct ErrorDocumentTests {
    @Test func documentsAreAsAWSWritesThem() {
        func text(_ body: ByteBuffer) -> String { String(buffer: body) }
        #expect(
            text(ErrorDocument.timedOut(requestID: "i", afterMilliseconds: 1000))
                == #"{"errorType":"Sandbox.Timedout","#
                + #""errorMessage":"RequestId: i Error: Task timed out after 1.00 seconds"}"#)
        #expect(
            text(ErrorDocument.responseTooLarge(limit: 6_291_556))
                == #"{"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).","#
                + #""errorType":"Function.ResponseSizeTooLarge"}"#)
        #expect(
            text(ErrorDocument.platform(type: "T", requestID: nil, reason: "r"))
                == #"{"errorType":"T","errorMessage":"Error: r"}"#)
        #expect(ErrorDocument.seconds(30_270) == "30.27")
    }
}

@Suite struct PercentEncodingTests {
    @Test func textIsDecodedOnce() {
        #expect(PercentEncoding.decode("a%3Ab") == "a:b")
        #expect(PercentEncoding.decode("a%253Ab") == "a%3Ab")
        #expect(PercentEncoding.decode("%e2%82%AC") == "€")
        #expect(PercentEncoding.decode("%") == nil)
        #expect(PercentEncoding.decode("%ff") == nil)
    }

    @Test func parametersAreFound() {
        #expect(PercentEncoding.queryParameter("Qualifier", in: "a=b&Qualifier=%24LATEST&Qualifier=2") == "$LATEST")
        #expect(PercentEncoding.queryParameter("Qualifier", in: "Qualifier") == "")
        #expect(PercentEncoding.queryParameter("Qualifier", in: "qualifier=1") == nil)
        #expect(PercentEncoding.queryParameter("q", in: "q=a=b+c") == "a=b+c")
    }
}
