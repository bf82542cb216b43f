import LambdaProtocol
import NIOCore
import Testing

@Suite struct HTTPIntegrationPreludeTests {
    private let nul = String(repeating: "\0", count: 8)

    private func steps(_ pieces: String...) -> [HTTPIntegrationPreludeParser.Step] {
        var parser = HTTPIntegrationPreludeParser()
        return pieces.map { parser.received(ByteBuffer(string: $0)) }
    }

    private func prelude(_ json: String) -> HTTPIntegrationPrelude? {
        guard case .prelude(let prelude, _) = self.steps(json + self.nul)[0] else { return nil }
        return prelude
    }

    @Test func statusHeadersAndCookiesComeBeforeTheBody() {
        let json = #"{"statusCode":201,"headers":{"Content-Type":"text/html"},"cookies":["a=1","b=2"]}"#
        let expected = HTTPIntegrationPrelude(
            statusCode: 201, headers: [.init("Content-Type", "text/html")], cookies: ["a=1", "b=2"])
        #expect(self.steps(json + self.nul + "<p>") == [.prelude(expected, body: ByteBuffer(string: "<p>"))])
    }

    @Test func theDelimiterMayBeSplitAnywhere() {
        let whole = #"{"statusCode":404}"# + self.nul + "body"
        for split in 0...whole.utf8.count {
            var parser = HTTPIntegrationPreludeParser()
            var body = ""
            for piece in [whole.utf8.prefix(split), whole.utf8.dropFirst(split)] {
                switch body.isEmpty ? parser.received(ByteBuffer(bytes: piece)) : .onlyBody(ByteBuffer(bytes: piece)) {
                case .needsMore, .malformed: break
                case .prelude(let prelude, let rest):
                    #expect(prelude.statusCode == 404)
                    body += "!" + String(buffer: rest)
                case .onlyBody(let rest): body += String(buffer: rest)
                }
            }
            #expect(body == "!body", "split at \(split)")
        }
    }

    @Test func aBodyMayHaveZeroesOfItsOwn() {
        let step = self.steps("{}" + self.nul + "\0\0a" + self.nul)[0]
        #expect(step == .prelude(HTTPIntegrationPrelude(), body: ByteBuffer(string: "\0\0a" + self.nul)))
    }

    @Test func anEmptyObjectMeansStatus200() {
        #expect(self.prelude("{}") == HTTPIntegrationPrelude())
    }

    @Test func swiftsMultiValueHeadersAndNumbersAsValuesAreTaken() {
        let prelude = self.prelude(
            #"{"headers":{"X-B":7,"X-C":true},"multiValueHeaders":{"X-A":["1","2"]},"unknown":{}}"#)
        #expect(prelude?.headers == [.init("X-A", "1"), .init("X-A", "2"), .init("X-B", "7"), .init("X-C", "true")])
    }

    @Test func withoutADelimiterAllIsBody() {
        var parser = HTTPIntegrationPreludeParser()
        #expect(parser.received(ByteBuffer(string: #"{"a":"#)) == .needsMore)
        #expect(parser.received(ByteBuffer(string: "1}")) == .needsMore)
        #expect(parser.ended() == .onlyBody(ByteBuffer(string: #"{"a":1}"#)))
    }

    @Test func theSearchForTheDelimiterHasAnEnd() {
        var parser = HTTPIntegrationPreludeParser(limit: 10)
        #expect(parser.received(ByteBuffer(string: "{\"3456789")) == .needsMore)
        #expect(parser.received(ByteBuffer(string: "0")) == .onlyBody(ByteBuffer(string: "{\"34567890")))
    }

    @Test(arguments: [
        #"{"statusCode":"no"}"#, #"{"headers":[]}"#, #"{"headers":{"a":[]}}"#, #"{"cookies":[1]}"#, #"{"a":}"#,
        #"{"multiValueHeaders":{"a":"b"}}"#,
    ])
    func whatIsNoPreludeIsMalformed(text: String) {
        #expect(self.steps(text + self.nul) == [.malformed])
    }

    @Test(arguments: ["", "hello", "[]", #"{"a":"#, "{\"a\0\":1}", #"{"a":1},"#, #"{"a":"}"}x"#])
    func whatCannotBecomeAPreludeIsBodyAtOnce(text: String) {
        #expect(self.steps(text + self.nul) == [.onlyBody(ByteBuffer(string: text + self.nul))])
    }

    @Test func bracesInStringsEndNoObject() {
        let prelude = self.prelude(#" {"headers": {"a": "}\"{\\"}} "#)
        #expect(prelude?.headers == [.init("a", "}\"{\\")])
    }

    @Test func nullsAreAbsent() {
        #expect(
            self.prelude(#"{"statusCode":null,"headers":null,"multiValueHeaders":null,"cookies":null}"#)
                == HTTPIntegrationPrelude())
    }
}
