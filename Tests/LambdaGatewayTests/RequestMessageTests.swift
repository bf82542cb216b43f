import AMQP
import LambdaMessages
import LambdaProtocol
import NIOCore
import Testing

/// What the gateway sends, read with the daemon's eyes.
@Suite struct RequestMessageTests {
    private let now = EpochClock.Instant(millisecondsSinceEpoch: 1_800_000_000_500)
    private let request = InvocationRequest(
        requestID: "6f1c2d3e-0000-4000-8000-0123456789ab", event: ByteBuffer(string: "{}"), invokedFunctionARN: "",
        clientContext: #"{"custom":{"a":"é"}}"#, traceID: "Root=1-5f;Parent=6;Sampled=1", tenantID: "blue",
        wantsLogTail: true, idempotencyKey: "order-17")

    private func read(_ message: RequestMessage, isAwaited: Bool) throws -> InvocationMessage {
        var properties = message.properties
        if isAwaited {
            // As the RPC client does when it sends a request.
            properties.replyTo = "replies"
            properties.timestamp = 1_799_999_990
            properties.expiration = "30000"
        }
        return try InvocationMessage.read(
            properties, self.request.event,
            configuration: InvocationMessageConfiguration(
                arn: FunctionARN(region: "r", accountID: "1", name: "echo"), clockSkewMilliseconds: 0),
            now: .uptimeNanoseconds(0), wallClock: self.now
        ).get()
    }

    @Test func everythingThatTheCallerSaidArrives() throws {
        let read = try self.read(RequestMessage(call: self.request, qualifier: "prod"), isAwaited: true)
        #expect(read.request.requestID == self.request.requestID)
        #expect(read.request.traceID == self.request.traceID)
        #expect(read.request.tenantID == "blue")
        #expect(read.request.idempotencyKey == "order-17")
        #expect(read.request.wantsLogTail)
        #expect(read.request.clientContext == #"{"custom":{"a":"\u00e9"}}"#)
        // 10.5 s of the 30 are over; the timestamp is in whole seconds.
        #expect(read.request.startDeadline == .uptimeNanoseconds(20_500_000_000))
        #expect(read.request.invokedFunctionARN == "arn:aws:lambda:r:1:function:echo:prod")
        #expect(read.qualifier == "prod")
        #expect(read.stream == nil)
    }

    @Test func aStreamSaysHowMuchItTakes() throws {
        var message = RequestMessage(call: self.request, qualifier: nil)
        message.stream(credit: 1000)
        #expect(try self.read(message, isAwaited: true).stream == StreamRequest(creditByteCount: 1000))
    }

    @Test func anEventIsPersistentAndKeepsItsIdentity() throws {
        let message = RequestMessage(event: self.request, qualifier: nil, now: self.now)
        #expect(message.properties.deliveryMode == 2)
        #expect(message.properties.timestamp == 1_800_000_000)
        #expect(message.properties.expiration == nil)
        let read = try self.read(message, isAwaited: false)
        #expect(read.invocationType == .event)
        #expect(read.request.requestID == self.request.requestID)
        #expect(!read.request.wantsLogTail)
        #expect(read.request.idempotencyKey == "order-17")
    }
}
