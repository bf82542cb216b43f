import AMQP
import LambdaMessages
import LambdaProtocol
import NIOCore
import Testing

/// The stream form of the wire contract.
@Suite struct StreamMessageTests {
    private func read(
        _ headers: AMQPTable, replyTo: AMQPShortString? = "replies"
    ) -> Result<InvocationMessage, InvokeError> {
        var properties = AMQPProperties(contentType: nil, headers: headers)
        properties.replyTo = replyTo
        return InvocationMessage.read(
            properties, ByteBuffer(string: "{}"),
            configuration: InvocationMessageConfiguration(
                arn: FunctionARN(region: "eu-west-1", accountID: "012345678912", name: "echo")),
            now: .uptimeNanoseconds(1), wallClock: EpochClock.now())
    }

    @Test func aStreamIsAskedForWithItsCredit() throws {
        let message = try self.read(["X-Amz-Response-Mode": "streaming", "X-Lambda-Stream-Credit": 65_536]).get()
        #expect(message.stream == StreamRequest(creditByteCount: 65_536))
    }

    @Test func creditAndAttemptMayBeDecimalTexts() throws {
        let message = try self.read([
            "x-amz-response-mode": "Streaming", "x-lambda-stream-credit": "10", "X-Lambda-Attempt": "2",
        ]).get()
        #expect(message.stream == StreamRequest(creditByteCount: 10, attempt: 2))
    }

    @Test func othersWantTheirAnswerWhole() throws {
        let credit: AMQPTable = ["X-Lambda-Stream-Credit": 1]
        #expect(try self.read(credit).get().stream == nil)
        #expect(try self.read(["X-Amz-Response-Mode": "buffered"]).get().stream == nil)
        let streaming: AMQPTable = ["X-Amz-Response-Mode": "streaming", "X-Lambda-Stream-Credit": 1]
        #expect(try self.read(streaming, replyTo: nil).get().stream == nil)
    }

    @Test(arguments: [nil, "many", -1] as [AMQPValue?]) func aStreamWithoutCreditIsRefused(credit: AMQPValue?) {
        var headers: AMQPTable = ["X-Amz-Response-Mode": "streaming"]
        headers["X-Lambda-Stream-Credit"] = credit
        guard case .failure(let error) = self.read(headers) else {
            Issue.record("it was taken")
            return
        }
        #expect(error.kind == .invalidParameterValue)
        #expect(error.message.contains("X-Lambda-Stream-Credit"))
    }

    @Test func aChunkIsReadBackByTheCaller() {
        let chunk = StreamChunkMessage(
            ByteBuffer(string: "ab"), sequence: 3, head: ResponseHead(contentType: "text/html"), attempt: 1,
            correlationID: "c", creditQueue: "credit")
        #expect(StreamedMessage(chunk.properties) == .chunk(sequence: 3, attempt: 1))
        #expect(chunk.properties.contentType == "text/html")
        #expect(chunk.properties.correlationID == "c")
        #expect(chunk.properties.replyTo == "credit")
    }

    @Test func theEndCarriesTheOutcomesHeaders() {
        var end = ReplyMessage(
            .functionError(FunctionReply(body: ByteBuffer(string: "{}"))), requestID: "id", correlationID: "c")
        #expect(StreamedMessage(end.properties) == .whole)
        end.endStream(sequence: 4, attempt: 0)
        #expect(StreamedMessage(end.properties) == .end(sequence: 4, attempt: 0))
        #expect(end.properties.headers?["X-Lambda-Stream-End"] == true)
        #expect(end.properties.headers?["StatusCode"]?.integerValue == 200)
        #expect(end.properties.headers?["X-Amz-Function-Error"]?.stringValue == "Unhandled")
    }

    @Test func creditIsANumberAboveZero() {
        func read(_ headers: AMQPTable) -> Int? {
            StreamCreditMessage(AMQPProperties(contentType: nil, headers: headers))?.byteCount
        }
        #expect(read(StreamCreditMessage.headers(byteCount: 500)) == 500)
        #expect(read(["x-lambda-stream-credit": "7"]) == 7)
        #expect(read(["X-Lambda-Stream-Credit": 0]) == nil)
        #expect(read([:]) == nil)
    }
}
