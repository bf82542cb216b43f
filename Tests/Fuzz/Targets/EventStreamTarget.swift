import LambdaProtocol
import NIOCore

@testable import LambdaInvokeAPI

/// Streamed answers: frames of `application/vnd.amazon.eventstream`, and what functions put in front of web answers.
///
/// What is encoded is what a strict reader of the format reads. A prelude means the same whatever pieces it comes in.
enum EventStreamTarget: FuzzTarget {
    static let name = "event-stream"

    static var seeds: [[UInt8]] {
        let preludes = [
            "{\"statusCode\":201,\"headers\":{\"a\":\"b\"},\"cookies\":[\"c=d\"]}\0\0\0\0\0\0\0\0body",
            " {\"x\":\"}\\\"\"} \n\0\0\0\0\0\0\0\0", "{}\0\0\0", "plain text", "{\"statusCode\":null}\0\0\0\0\0\0\0\0\u{FF}",
        ]
        return preludes.enumerated().map { [UInt8($0 * 5)] + FuzzInput.section("Unhandled é\u{1F600}".utf8) + $1.utf8 }
    }

    static func run(_ input: FuzzInput) {
        var input = input
        let seed = input.byte()
        let text = String(decoding: input.section(), as: UTF8.self)
        let bytes = input.all()
        self.checkFrames(text, ByteBuffer(bytes: bytes))
        let whole = self.answer(FuzzSplit(bytes: bytes, seed: nil))
        let pieces = self.answer(FuzzSplit(bytes: bytes, seed: seed))
        check(whole == pieces, "in one piece: \(whole), in pieces: \(pieces)")
    }

    private static func checkFrames(_ text: String, _ bytes: ByteBuffer) {
        let chunk = EventStreamFrame(reading: EventStream.payloadChunk(bytes))
        check(chunk?.payload == bytes && chunk?.headers[":event-type"] == "PayloadChunk", "\(bytes)")
        let fault = EventStreamFrame(reading: EventStream.fault(code: text, message: text))
        let expected = Array(text.utf8.prefix(4096))
        check(fault.map { Array(($0.headers[":error-message"] ?? "").utf8) } != nil, "no frame: \(text)")
        check(fault?.bytes[":error-code"] == expected, "\(text)")
        let complete = EventStreamFrame(
            reading: EventStream.invokeComplete(.init(errorCode: text, errorDetails: bytes, logTail: bytes)))
        let document = complete.flatMap { try? JSONValue.parse($0.payload).get() }
        check(document?["ErrorCode"]?.stringValue == text, "\(text)")
        check(document?["ErrorDetails"]?.stringValue == String(buffer: bytes), "\(bytes)")
        check(document?["LogResult"]?.stringValue.flatMap { Base64.decode($0) } == Array(bytes.readableBytesView), "\(bytes)")
    }

    /// What a client of a function URL gets: the beginning and the bytes behind it, however they are passed on.
    private static func answer(_ pieces: FuzzSplit) -> String {
        var machine = StreamedResponseStateMachine(FunctionURL(invokeMode: .streaming))
        var start = "nothing"
        var body = ByteBuffer()
        func perform(_ action: StreamedResponseStateMachine.Action) {
            switch action {
            case .start(var response), .respond(var response):
                body.writeImmutableBuffer(response.body)
                response.body = ByteBuffer()
                start = "\(response)"
                for field in response.fields { check(field.isValid, "\(field)") }
            case .write(let bytes): body.writeImmutableBuffer(bytes)
            case .refuse(let error): start = "\(error)"
            case .nothing, .end, .abort: break
            }
        }
        perform(machine.began(contentType: HTTPIntegrationPrelude.contentType))
        for piece in pieces { perform(machine.received(piece)) }
        perform(machine.ended(.result(FunctionReply(body: ByteBuffer()))))
        return start + " \(Array(body.readableBytesView))"
    }
}
