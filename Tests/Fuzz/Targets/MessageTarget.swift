import AMQPRPC
import LambdaMessages
import LambdaProtocol
import NIOCore
import TestSupport

@testable import AMQP

/// Messages that anybody may publish, as daemon, gateway and clients read them: requests, replies, chunks, credit, events,
/// dead letters, announcements, answers of `AMQPRPC`.
///
/// Input: a section that is a content header, then the body.
enum MessageTarget: FuzzTarget {
    static let name = "messages"

    static var seeds: [[UInt8]] {
        let properties = [AMQPSeeds.everyProperty] + self.headers.map { headers in
            var properties = AMQPProperties(contentType: "application/json", correlationID: "c", headers: headers)
            properties.replyTo = headers["X-Amz-Invocation-Type"] == nil ? "reply" : nil
            properties.messageID = "0f8fad5b-d9cb-469f-a165-70867728950e"
            properties.expiration = "60000"
            properties.timestamp = 1_767_323_045
            return properties
        } + [self.timedCall]
        let announcement = FunctionAnnouncement(
            instance: "i", name: "n", qualifier: "q", arn: "arn", timeoutSeconds: 3, memoryMegabytes: 128, slots: 2,
            freeSlots: 1, architecture: "arm64", startedMilliseconds: 1, daemonVersion: "1")
        let bodies = [#"{"a":1}"#, #"{"Message":"m","Type":"User","Reason":"r"}"#, String(buffer: announcement.body), ""]
        return properties.enumerated().map { index, properties in
            let body = bodies[index % bodies.count].utf8
            return FuzzInput.section(AMQPSeeds.header(properties, bodyByteCount: body.count)) + body
        }
    }

    private static let headers: [AMQPTable] = [
        ["X-Amz-Log-Type": "Tail", "X-Amz-Client-Context": "e30=", "X-Amz-Tenant-Id": "t", "Qualifier": "prod"],
        ["X-Amz-Invocation-Type": "Event", "X-Lambda-Attempt": 2, "X-Lambda-Refusals": "3"],
        ["X-Lambda-Deadline-Ms": 1_767_323_046_000, "X-Lambda-Idempotency-Key": "k"],
        ["X-Lambda-Deadline-Ms": "1767323046000", "X-Amzn-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"],
        ["traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate": "a=b"],
        ["X-Amz-Response-Mode": "streaming", "X-Lambda-Stream-Credit": 65536],
        ["X-Lambda-Stream-Sequence": 0, "X-Lambda-Attempt": 0], ["X-Lambda-Stream-Sequence": 1, "X-Lambda-Stream-End": true],
        ["StatusCode": 200, "X-Amz-Executed-Version": "7", "X-Amz-Function-Error": "Unhandled", "X-Amz-Log-Result": "aGk="],
        ["StatusCode": 429, "X-Amzn-ErrorType": "TooManyRequestsException", "Retry-After": "1"],
        ["X-RPC-Fault-Type": "T", "X-RPC-Fault-Status": 404, "X-RPC-Fault-Message": "m", "X-RPC-Fault-Retriable": true],
        ["RequestID": "r", "ErrorCode": "200", "ErrorMessage": "m", "Condition": "RetriesExhausted"],
        [LambdaHeader.eventRange: "3 4", LambdaHeader.eventEncoding: "base64"],
    ]

    /// A call whose deadline is in its properties, as our own clients send it.
    private static var timedCall: AMQPProperties {
        var properties = AMQPProperties(contentType: "application/json", correlationID: "c")
        properties.replyTo = "reply"
        properties.type = RequestMessage.timedCall
        properties.expiration = "60000"
        properties.timestamp = 1_767_323_045
        return properties
    }

    static func run(_ input: FuzzInput) {
        var input = input
        let header = input.section()
        guard let properties = try? RabbitDecoder().header(ByteBuffer(bytes: header)).1 else { return }
        let body = ByteBuffer(bytes: input.all())
        self.readRequest(properties, body)
        self.readReply(properties, body)
        self.readEvent(properties, body)
        if let announcement = FunctionAnnouncement.read(body) {
            check(FunctionAnnouncement.read(announcement.body) == announcement, "\(announcement)")
        }
    }

    /// Changes the properties within their lengths: an entry's value, a property's text.
    static func mutate(_ input: [UInt8], limit: Int, _ random: inout FuzzRandom) -> [UInt8]? {
        var rest = FuzzInput(input)
        let header = rest.section()
        let body = rest.all()
        guard random.below(4) > 0, var properties = try? RabbitDecoder().header(ByteBuffer(bytes: header)).1 else {
            return FuzzInput.section(header) + LibFuzzer.mutate(body, limit: body.count + 32)
        }
        var headers = properties.headers ?? [:]
        let all = self.headers.flatMap(\.entries)
        switch random.below(5) {
        case 0: headers.entries.append(all[random.below(all.count)])
        case 1 where !headers.isEmpty: headers.entries.remove(at: random.below(headers.count))
        case 2: properties.timestamp = [0, 1, .max, 1 << 53, 1_767_322_990][random.below(5)]
        case _ where !headers.isEmpty:
            let index = random.below(headers.count)
            headers.entries[index].value = self.mutate(headers.entries[index].value, &random)
        default: properties.expiration = AMQPShortString(bytes: self.mutate(ByteBuffer(string: "1000")))
        }
        properties.headers = headers
        return FuzzInput.section(AMQPSeeds.header(properties, bodyByteCount: body.count)) + body
    }

    private static func mutate(_ value: AMQPValue, _ random: inout FuzzRandom) -> AMQPValue {
        switch random.below(8) {
        case 0: return .int64([.min, .max, -1, 0, 1 << 62][random.below(5)])
        case 1: return .uint64(.max)
        case 2: return .string(["-9223372036854775808", "9223372036854775807", "-1", "99999999999999999999"][random.below(4)])
        default: break
        }
        switch value {
        case .longString(let text): return .longString(self.mutate(text))
        case .int64(let number): return .int64(number &+ Int64(random.below(5)) &- 2)
        default: return value
        }
    }

    private static func mutate(_ text: ByteBuffer) -> ByteBuffer {
        ByteBuffer(bytes: LibFuzzer.mutate(Array(text.readableBytesView), limit: min(200, text.readableBytes + 16)))
    }
}

// MARK: - Readers

extension MessageTarget {
    private static let clock = EpochClock.Instant(millisecondsSinceEpoch: 1_767_323_045_000)
    private static let configuration = InvocationMessageConfiguration(
        arn: FunctionARN(region: "us-east-1", accountID: "123456789012", name: "f"))

    private static func readRequest(_ properties: AMQPProperties, _ body: ByteBuffer) {
        let result = InvocationMessage.read(
            properties, body, configuration: self.configuration, now: .uptimeNanoseconds(1_000_000_000),
            wallClock: self.clock)
        switch result {
        case .failure(let error):
            check((400..<600).contains(error.kind.status), "\(error)")
            self.checkReply(.refused(error), properties)
        case .success(let message):
            check(RequestID.isValid(message.request.requestID), "\(message.request.requestID)")
            for attempt in [message.attempt, message.stream?.attempt ?? 0] {
                check((0...1_000_000).contains(attempt), "\(attempt)")
            }
            self.checkReply(.result(FunctionReply(body: message.request.event)), properties)
            let sent = RequestMessage(call: message.request, qualifier: message.qualifier)
            check(!AMQPSeeds.header(sent.properties, bodyByteCount: 0).isEmpty, "a request that cannot be sent")
        }
        _ = StreamCreditMessage(properties)
        _ = properties.republished(attempt: properties.attempt + 1)
    }

    /// Every answer can be sent to whoever has asked.
    private static func checkReply(_ outcome: InvocationOutcome, _ properties: AMQPProperties) {
        let reply = ReplyMessage(outcome, requestID: "r", correlationID: properties.correlationID)
        check(!AMQPSeeds.header(reply.properties, bodyByteCount: 0).isEmpty, "a reply that cannot be sent: \(outcome)")
    }

    private static func readReply(_ properties: AMQPProperties, _ body: ByteBuffer) {
        if case .refused(let error) = InvocationOutcome(properties, body) {
            check((400..<600).contains(error.kind.status), "\(error)")
            _ = error.body
        }
        var receiver = StreamReceiver(window: 1000)
        for _ in 0..<3 {
            _ = receiver.received(StreamedMessage(properties), byteCount: body.readableBytes)
            _ = receiver.consumed(byteCount: body.readableBytes)
        }
        if let fault = RPCFault(RPCReply(properties: properties, body: body)) {
            check(RPCFault(fault.reply)?.type == fault.type, "\(fault)")
        }
    }

    private static func readEvent(_ properties: AMQPProperties, _ body: ByteBuffer) {
        let event = EventMessage(properties, body, now: self.clock)
        check(event.ageMilliseconds(at: self.clock) >= 0, "a negative age")
        let retried = event.properties(attempt: event.attempt + 1, refusals: event.refusals)
        let again = EventMessage(retried, body, now: self.clock)
        check(again.attempt == min(event.attempt + 1, 1_000_000), "\(event.attempt), then \(again.attempt)")
        let letter = DeadLetter(properties, body)
        _ = letter.replay(now: self.clock)
    }
}
