import LambdaProtocol
import NIOCore
import Testing

@testable import LambdaInvokeAPI

/// Contract 6.3 and 6.4, as traces.
@Suite struct StreamedResponseStateMachineTests {
    private let prelude = HTTPIntegrationPrelude.contentType
    private let nul = String(repeating: "\0", count: 8)

    private func bytes(_ text: String) -> ByteBuffer { ByteBuffer(string: text) }

    private func response(
        _ status: Int, _ body: String, _ fields: [(String, String)] = [("Content-Type", "application/octet-stream")]
    ) -> FunctionURLResponse {
        FunctionURLResponse(
            status: status, fields: fields.map { HTTPField($0.0, $0.1) }, body: ByteBuffer(string: body))
    }

    private func result(_ body: String, contentType: String? = nil) -> InvocationOutcome {
        .result(FunctionReply(body: ByteBuffer(string: body), contentType: contentType))
    }

    private func machine() -> StreamedResponseStateMachine {
        StreamedResponseStateMachine(FunctionURL(invokeMode: .streaming))
    }

    @Test func aPreludeInSeveralPiecesThenTheBody() {
        var machine = self.machine()
        #expect(machine.began(contentType: self.prelude) == .nothing)
        #expect(machine.received(self.bytes(#"{"statusCode":201,"headers":{"Content-"#)) == .nothing)
        #expect(machine.received(self.bytes(#"Type":"text/html"},"cookies":["a=1"]}"# + "\0\0\0")) == .nothing)
        #expect(
            machine.received(self.bytes("\0\0\0\0\0<p>"))
                == .start(self.response(201, "<p>", [("Content-Type", "text/html"), ("Set-Cookie", "a=1")])))
        #expect(machine.received(self.bytes("more")) == .write(self.bytes("more")))
        #expect(machine.ended(self.result("")) == .end)
        #expect(machine.ended(self.result("")) == .nothing)
    }

    @Test func aStreamWithoutAPreludeStartsAtOnce() {
        var machine = self.machine()
        #expect(machine.began(contentType: "text/plain") == .start(self.response(200, "", [("Content-Type", "text/plain")])))
        #expect(machine.received(self.bytes("a")) == .write(self.bytes("a")))
        #expect(machine.ended(self.result("")) == .end)
    }

    @Test(arguments: ["plain text", #"{"a":1}{"b":2}"#, "[1]", "\u{1}\0\0\0"])
    func swiftsContentTypeWithoutAPreludeIsAllBodyAtOnce(text: String) {
        var machine = self.machine()
        #expect(machine.began(contentType: self.prelude) == .nothing)
        #expect(machine.received(self.bytes(text)) == .start(self.response(200, text)))
        #expect(machine.received(self.bytes("b")) == .write(self.bytes("b")))
    }

    @Test func anEndBeforeTheDelimiterIsAllBody() {
        var machine = self.machine()
        _ = machine.began(contentType: self.prelude + "; charset=utf-8")
        #expect(machine.received(self.bytes(#"{"a":1}"#)) == .nothing)
        #expect(machine.ended(self.result("")) == .respond(self.response(200, #"{"a":1}"#)))
    }

    @Test(arguments: [#"{"statusCode":1000}"#, #"{"statusCode":"x"}"#, #"{"headers":{"A":"b\r\nc"}}"#, #"{"cookies":["\n"]}"#])
    func aPreludeThatIsNoneIs502AndTheRestIsDropped(json: String) {
        var machine = self.machine()
        _ = machine.began(contentType: self.prelude)
        #expect(machine.received(self.bytes(json + self.nul + "body")) == .refuse(.badGateway))
        #expect(machine.received(self.bytes("more")) == .nothing)
        #expect(machine.isOver)
        #expect(machine.ended(self.result("")) == .nothing)
    }

    @Test func anErrorInMidStreamClosesTheConnection() {
        var machine = self.machine()
        _ = machine.began(contentType: nil)
        #expect(machine.ended(.functionError(FunctionReply(body: self.bytes("{}")))) == .abort)
        var refused = self.machine()
        _ = refused.began(contentType: nil)
        #expect(refused.ended(.refused(InvokeError(.noAnswer, "gone"))) == .abort)
    }

    @Test func anErrorBeforeTheFirstByteIsAnAnswer() {
        var waiting = self.machine()
        #expect(waiting.ended(.functionError(FunctionReply(body: self.bytes("{}")))) == .refuse(.badGateway))
        var inPrelude = self.machine()
        _ = inPrelude.began(contentType: self.prelude)
        #expect(inPrelude.ended(.functionError(FunctionReply(body: self.bytes("{}")))) == .refuse(.badGateway))
        var refused = self.machine()
        #expect(refused.ended(.refused(InvokeError(.resourceNotFound, ""))) == .refuse(.unknown))
    }

    @Test func aFunctionThatDoesNotStreamIsNotInterpreted() {
        var machine = self.machine()
        let body = #"{"statusCode": 404, "body": "x"}"#
        #expect(
            machine.ended(self.result(body))
                == .respond(self.response(200, body, [("Content-Type", "application/json")])))
    }

    @Test func exceptForItsPrelude() {
        var machine = self.machine()
        let body = #"{"statusCode":404}"# + self.nul + "x"
        #expect(machine.ended(self.result(body, contentType: self.prelude)) == .respond(self.response(404, "x")))
    }

    @Test func aClientThatIsGoneTakesEverything() {
        var machine = self.machine()
        _ = machine.began(contentType: nil)
        machine.clientGone()
        #expect(machine.received(self.bytes("a")) == .nothing)
        #expect(machine.ended(self.result("")) == .nothing)
    }

    @Test func aBufferedURLTakesThePreludeOfAFunctionThatStreams() {
        let reply = FunctionReply(
            body: self.bytes(#"{"statusCode":201,"headers":{"Content-Type":"a"}}"# + self.nul + "b"),
            contentType: self.prelude)
        #expect(ResponseReader.read(reply, FunctionURL()) == self.response(201, "b", [("Content-Type", "a")]))
    }
}
