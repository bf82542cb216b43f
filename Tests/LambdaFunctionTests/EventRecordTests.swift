import AMQP
import LambdaMessages
import LambdaFunction
import LambdaProtocol
import NIOCore
import Testing

@Suite struct EventRecordTests {
    private func record(
        _ condition: EventPolicy.Condition, attempts: Int, event: ByteBuffer, _ outcome: InvocationOutcome?
    ) -> EventRecord {
        EventRecord(
            requestID: "7e57c0de-0000-4000-8000-000000000001",
            functionARN: "arn:aws:lambda:us-east-1:012345678912:function:echo:$LATEST", condition: condition,
            attempts: attempts, event: event, outcome: outcome,
            now: EpochClock.Instant(millisecondsSinceEpoch: 1_574_632_327_333))
    }

    @Test func aFailureIsToldAsAWSTellsIt() {
        let outcome = InvocationOutcome.functionError(
            FunctionReply(body: ByteBuffer(string: #"{"errorMessage":"no"}"#), executedVersion: "7"))
        let record = self.record(.retriesExhausted, attempts: 3, event: ByteBuffer(string: #" {"a": 1e2} "#), outcome)
        #expect(
            String(buffer: record.body) == """
                {"version":"1.0","timestamp":"2019-11-24T21:52:07.333Z",\
                "requestContext":{"requestId":"7e57c0de-0000-4000-8000-000000000001",\
                "functionArn":"arn:aws:lambda:us-east-1:012345678912:function:echo:$LATEST",\
                "condition":"RetriesExhausted","approximateInvokeCount":3},"requestPayload": {"a": 1e2} ,\
                "responseContext":{"statusCode":200,"executedVersion":"7","functionError":"Unhandled"},\
                "responsePayload":{"errorMessage":"no"}}
                """)
        #expect(JSONValidator.validate(record.body) == nil)
        #expect(!record.isBase64)
    }

    @Test func aSuccessHasNoFunctionErrorAndARunThatNeverWasHasNoResponse() throws {
        let result = InvocationOutcome.result(FunctionReply(body: ByteBuffer(string: "\"ok\"")))
        let success = String(buffer: self.record(.success, attempts: 1, event: ByteBuffer(string: "1"), result).body)
        let context = #""responseContext":{"statusCode":200,"executedVersion":"$LATEST"}"#
        #expect(success.hasSuffix(context + #","responsePayload":"ok"}"#))
        let old = String(buffer: self.record(.ageExceeded, attempts: 0, event: ByteBuffer(string: "1"), nil).body)
        #expect(old.hasSuffix(#""condition":"EventAgeExceeded","approximateInvokeCount":0},"requestPayload":1}"#))
    }

    @Test(arguments: ["not JSON", "\u{0}\u{1}", "{\"a\":", "\"€\"", "", "{}"])
    func theEventIsFoundInItByteForByte(_ event: String) throws {
        let event = ByteBuffer(string: event)
        let record = self.record(.retriesExhausted, attempts: 0, event: event, nil)
        #expect(JSONValidator.validate(record.body) == nil)
        var headers: AMQPTable = [
            LambdaHeader.eventRange: .string("\(record.eventRange.lowerBound) \(record.eventRange.count)")
        ]
        if record.isBase64 { headers[LambdaHeader.eventEncoding] = "base64" }
        let letter = DeadLetter(AMQPProperties(contentType: nil, headers: headers), record.body)
        #expect(letter.event == (event.readableBytes == 0 ? ByteBuffer(string: "{}") : event))
    }

    @Test func anAnswerThatIsNoJSONIsAString() {
        let result = InvocationOutcome.result(FunctionReply(body: ByteBuffer(string: "a \"b\"")))
        let record = self.record(.success, attempts: 1, event: ByteBuffer(string: "1"), result)
        #expect(String(buffer: record.body).hasSuffix(#""responsePayload":"a \"b\""}"#))
        let nothing = InvocationOutcome.result(FunctionReply(body: ByteBuffer()))
        let empty = self.record(.success, attempts: 1, event: ByteBuffer(string: "1"), nothing)
        #expect(String(buffer: empty.body).hasSuffix(#""responsePayload":null}"#))
    }

    @Test(arguments: [
        ("queue", "", "queue"), ("exchange/key", "exchange", "key"), ("/a/b", "", "a/b"), ("fanout/", "fanout", ""),
    ])
    func aDestinationIsAQueueOrAnExchangeWithAKey(_ text: String, _ exchange: String, _ routingKey: String) {
        #expect(EventDestination(text: text) == EventDestination(exchange: exchange, routingKey: routingKey))
    }

    @Test(arguments: ["", "/", String(repeating: "x", count: 256), String(repeating: "x", count: 256) + "/key"])
    func whatIsNoDestinationIsRefused(_ text: String) {
        #expect(EventDestination(text: text) == nil)
    }
}
