import AMQP
import LambdaMessages
import LambdaProtocol
import NIOCore
import Testing

/// The wire contract: what a delivery says, and what a reply carries.
@Suite struct InvocationMessageTests {
    let configuration = InvocationMessageConfiguration(
        arn: FunctionARN(region: "eu-west-1", accountID: "012345678912", name: "echo"))
    let now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    let wallClock = EpochClock.Instant(millisecondsSinceEpoch: 1_800_000_000_000)

    func read(
        _ body: String = "{}", _ change: (inout AMQPProperties) -> Void = { _ in }
    ) -> Result<InvocationMessage, InvokeError> {
        var properties = AMQPProperties(contentType: nil)
        properties.replyTo = "replies"
        properties.correlationID = AMQPShortString(bytes: ByteBuffer(bytes: [0xFF, 0, 1]))
        change(&properties)
        return InvocationMessage.read(
            properties, ByteBuffer(string: body), configuration: self.configuration, now: self.now,
            wallClock: self.wallClock)
    }

    func refusal(_ result: Result<InvocationMessage, InvokeError>) -> InvokeError.Kind? {
        if case .failure(let error) = result { error.kind } else { nil }
    }

    @Test(arguments: [Int64.min, Int64.min + 1_800_000_000_000, -1, 0] as [Int64])
    func anInstantLongBeforeAnyClockHasPassed(_ instant: Int64) {
        #expect(self.refusal(self.read { $0.headers = ["X-Lambda-Deadline-Ms": .int64(instant)] }) == .requestExpired)
        #expect(self.refusal(self.read { $0.headers = ["X-Lambda-Deadline-Ms": .string("\(instant)")] }) == .requestExpired)
    }

    @Test func anInstantThatNeverComesIsNoDeadlineThatMatters() throws {
        let message = try self.read { $0.headers = ["X-Lambda-Deadline-Ms": .int64(.max)] }.get()
        #expect(message.request.startDeadline == self.now + .milliseconds(Int64(Int32.max)))
    }

    @Test func anAttemptOfAStreamIsANumberThatCanBeAddedTo() throws {
        let message = try self.read {
            $0.headers = ["X-Amz-Response-Mode": "streaming", "X-Lambda-Stream-Credit": 1, "X-Lambda-Attempt": .int64(.max)]
        }.get()
        #expect(message.stream?.attempt == 1_000_000)
        #expect(message.attempt == 1_000_000)
    }

    @Test func aPlainRequestRunsWithItsBytesAndKeepsTheCallersID() throws {
        let message = try self.read(#"{ "a" : 1.0 }"#).get()
        #expect(String(buffer: message.request.event) == #"{ "a" : 1.0 }"#)
        #expect(message.request.invokedFunctionARN == "arn:aws:lambda:eu-west-1:012345678912:function:echo")
        #expect(message.correlationID?.bytes == ByteBuffer(bytes: [0xFF, 0, 1]))
        #expect(RequestID.isValid(message.request.requestID))
        #expect(message.request.startDeadline == nil)
    }

    @Test func anEmptyBodyIsAnEmptyObject() throws {
        #expect(String(buffer: try self.read("").get().request.event) == "{}")
    }

    @Test func whatIsNotJSONIsRefused() {
        #expect(self.refusal(self.read("hello")) == .invalidRequestContent)
    }

    @Test func theMessageIDIsTheRequestIDWhereItIsAUUID() throws {
        let id = "6F1C2D3E-0000-4000-8000-0123456789AB"
        #expect(try self.read { $0.messageID = AMQPShortString(id) }.get().request.requestID == id.lowercased())
        #expect(try self.read { $0.messageID = "7" }.get().request.requestID != "7")
    }

    @Test func headersAreTakenFromAnyStringTypeAndIgnoredOfAnyOther() throws {
        let message = try self.read {
            $0.headers = [
                "x-amz-log-type": .bytes(ByteBuffer(string: "Tail")), "X-Amz-Tenant-Id": .int32(7),
                "Qualifier": "prod", "X-Amz-Client-Context": .string(Base64.encode(#"{"a":"é"}"#.utf8)),
            ]
        }.get()
        #expect(message.request.wantsLogTail)
        #expect(message.request.tenantID == nil)
        #expect(message.qualifier == "prod")
        #expect(message.request.invokedFunctionARN.hasSuffix(":echo:prod"))
        #expect(message.request.clientContext == #"{"a":"\u00e9"}"#)
    }

    @Test func expirationCountsFromTheReceiptAndTheInstantBoundsItWithTheAllowanceForClocks() throws {
        #expect(try self.read { $0.expiration = "1500" }.get().request.startDeadline == self.now + .milliseconds(1500))
        let instant = self.wallClock.millisecondsSinceEpoch + 1000
        let message = try self.read {
            $0.expiration = "60000"
            $0.headers = ["X-Lambda-Deadline-Ms": .int64(instant)]
        }.get()
        #expect(message.request.startDeadline == self.now + .milliseconds(6000))
    }

    @Test func aRequestThatExpiredByMoreThanTheAllowanceIsNotRun() {
        let instant = self.wallClock.millisecondsSinceEpoch
        let headers = { (milliseconds: Int64) -> AMQPTable in ["X-Lambda-Deadline-Ms": .int64(instant - milliseconds)] }
        #expect(self.refusal(self.read { $0.headers = headers(5001) }) == .requestExpired)
        #expect(self.refusal(self.read { $0.headers = headers(5000) }) == nil)
    }

    @Test func aTimedCallIsBoundByItsExpirationFromTheMomentWhenItWasSent() throws {
        let second = UInt64(self.wallClock.millisecondsSinceEpoch / 1000)
        func deadline(sent timestamp: UInt64?, type: AMQPShortString?) throws -> NIODeadline? {
            try self.read {
                $0.expiration = "60000"
                $0.timestamp = timestamp
                $0.type = type
            }.get().request.startDeadline
        }
        // Sent 20 s ago in whole seconds, which may be 19, and five are allowed for clocks.
        #expect(try deadline(sent: second - 20, type: "lambda-call") == self.now + .milliseconds(46_000))
        #expect(try deadline(sent: second, type: "lambda-call") == self.now + .milliseconds(60_000))
        // Anybody may put a timestamp into a message, of an attempt before this one, say.
        #expect(try deadline(sent: second - 20, type: nil) == self.now + .milliseconds(60_000))
        #expect(try deadline(sent: second - 20, type: "call") == self.now + .milliseconds(60_000))
        #expect(try deadline(sent: nil, type: "lambda-call") == self.now + .milliseconds(60_000))
    }

    @Test func aTimedCallThatExpiredByMoreThanTheAllowanceIsNotRun() {
        let second = UInt64(self.wallClock.millisecondsSinceEpoch / 1000)
        func read(sent timestamp: UInt64, expiration: AMQPShortString = "1000") -> InvokeError.Kind? {
            self.refusal(
                self.read {
                    $0.type = "lambda-call"
                    $0.timestamp = timestamp
                    $0.expiration = expiration
                })
        }
        #expect(read(sent: second - 8) == .requestExpired)
        #expect(read(sent: second - 7) == nil)
        #expect(read(sent: 0) == .requestExpired)
        #expect(read(sent: .max) == nil)
        #expect(read(sent: .max, expiration: "9223372036854775807") == nil)
        #expect(read(sent: second - 8, expiration: "soon") == nil)
    }

    @Test func anEventHasItsOwnLimit() {
        let big = "\"" + String(repeating: "x", count: 1_048_576) + "\""
        #expect(self.refusal(self.read(big)) == nil)
        #expect(self.refusal(self.read(big) { $0.replyTo = nil }) == .requestTooLarge)
    }

    @Test func aResultCarriesStatusVersionAndRequestID() {
        let reply = ReplyMessage(
            .result(FunctionReply(body: ByteBuffer(string: "1"))), requestID: "id", correlationID: "c")
        #expect(reply.properties.correlationID == "c")
        #expect(reply.properties.contentType == "application/json")
        #expect(reply.properties.headers?["StatusCode"]?.integerValue == 200)
        #expect(reply.properties.headers?["X-Amz-Executed-Version"]?.stringValue == "$LATEST")
        #expect(reply.properties.headers?["X-Amzn-RequestId"]?.stringValue == "id")
        #expect(reply.properties.headers?["X-Amz-Function-Error"] == nil)
    }

    @Test func aFunctionErrorIsMarkedAndHasStatus200() {
        let reply = ReplyMessage(
            .functionError(FunctionReply(body: ByteBuffer(string: "{}"), executedVersion: "7")), requestID: "id",
            correlationID: nil)
        #expect(reply.properties.headers?["StatusCode"]?.integerValue == 200)
        #expect(reply.properties.headers?["X-Amz-Function-Error"]?.stringValue == "Unhandled")
        #expect(reply.properties.headers?["X-Amz-Executed-Version"]?.stringValue == "7")
    }

    @Test func aRefusalCarriesItsStatusItsTypeAndWhenToTryAgain() {
        let error = InvokeError(.tooManyRequests, "Rate Exceeded.", reason: "x", retryAfterSeconds: 1)
        let reply = ReplyMessage(.refused(error), requestID: "id", correlationID: nil)
        #expect(reply.properties.headers?["StatusCode"]?.integerValue == 429)
        #expect(reply.properties.headers?["X-Amzn-ErrorType"]?.stringValue == "TooManyRequestsException")
        #expect(reply.properties.headers?["Retry-After"]?.stringValue == "1")
        #expect(String(buffer: reply.body) == #"{"Type":"User","message":"Rate Exceeded.","Reason":"x"}"#)
    }
}
