import NIOCore
import Testing

@testable import LambdaInvokeAPI

/// Contract 12.3, row by row.
@Suite struct PayloadV2ResponseTests {
    private func read(_ result: String) -> FunctionURLResponse? {
        PayloadV2Response.read(ByteBuffer(string: result))
    }

    private func response(
        _ status: Int, _ body: String, _ fields: [(String, String)] = [("Content-Type", "application/json")]
    ) -> FunctionURLResponse {
        FunctionURLResponse(
            status: status, fields: fields.map { HTTPField($0.0, $0.1) }, body: ByteBuffer(string: body))
    }

    @Test(arguments: [
        (#"{"statusCode":200,"body":"body123"}"#, 200, "body123"),
        (#"{"hello": "world"}"#, 200, #"{"hello":"world"}"#),
        (#" {"a" : [1 , {"b" : "x \" y" } ] } "#, 200, #"{"a":[1,{"b":"x \" y"}]}"#),
        (#""hello""#, 200, "hello"), (#"  "he\"l\u00e9" "#, 200, "he\"lé"),
        ("3", 200, "3"), (" 3.1\n", 200, "3.1"), ("true", 200, "true"), (#"["hello", 3, true]"#, 200, #"["hello",3,true]"#),
        ("null", 200, "null"), ("not JSON at all {", 200, "not JSON at all {"), ("", 200, ""),
        (#"{"statusCode":"201"}"#, 201, ""), (#"{"statusCode":404.0}"#, 404, ""), (#"{"statusCode":599}"#, 599, ""),
        (#"{"statusCode":null,"a":1}"#, 200, #"{"statusCode":null,"a":1}"#),
        (#"{"statusCode":200,"body":{"a": 1}}"#, 200, #"{"a":1}"#), (#"{"statusCode":200,"body":7}"#, 200, "7"),
        (#"{"statusCode":200,"body":null,"headers":null,"cookies":null,"isBase64Encoded":null}"#, 200, ""),
        (#"{"statusCode":200,"body":"aGk=","isBase64Encoded":true}"#, 200, "hi"),
        (#"{"statusCode":200,"body":"aGk=","isBase64Encoded":false}"#, 200, "aGk="),
        (#"{"statusCode":200,"body":"a","unknown":{},"multiValueHeaders":{"X":["1"]}}"#, 200, "a"),
        (#"{"statusCode":500,"statusCode":201,"body":"the last counts"}"#, 201, "the last counts"),
    ])
    func resultsAreResponses(result: String, status: Int, body: String) {
        #expect(self.read(result) == self.response(status, body))
    }

    @Test(arguments: [
        #"{"statusCode":99}"#, #"{"statusCode":100}"#, #"{"statusCode":101}"#, #"{"statusCode":600}"#,
        #"{"statusCode":"test"}"#, #"{"statusCode":200.5}"#, #"{"statusCode":1e99}"#, #"{"statusCode":true}"#,
        #"{"statusCode":[200]}"#, #"{"statusCode":200,"headers":[]}"#, #"{"statusCode":200,"headers":{"a":[]}}"#,
        #"{"statusCode":200,"headers":{"a":{}}}"#, #"{"statusCode":200,"cookies":"a=1"}"#,
        #"{"statusCode":200,"cookies":[1]}"#, #"{"statusCode":200,"body":"!","isBase64Encoded":true}"#,
        #"{"statusCode":200,"body":"a","isBase64Encoded":"yes"}"#, #"{"statusCode":200,"body":{},"isBase64Encoded":true}"#,
    ])
    func whatIsNoAnswerIs502(result: String) {
        #expect(self.read(result) == nil)
    }

    @Test func headersAreSentAsTheyAreGiven() {
        let result = #"{"statusCode":200,"headers":{"X-B":7,"x-A":true,"Content-TYPE":"text/html","X-None":null}}"#
        #expect(
            self.read(result)
                == self.response(200, "", [("X-B", "7"), ("x-A", "true"), ("Content-TYPE", "text/html")]))
    }

    @Test func eachCookieIsAFieldOfItsOwn() {
        let result = #"{"statusCode":302,"headers":{"Location":"/"},"cookies":["a=1; HttpOnly","b=2"]}"#
        #expect(
            self.read(result)
                == self.response(
                    302, "",
                    [
                        ("Content-Type", "application/json"), ("Location", "/"), ("Set-Cookie", "a=1; HttpOnly"),
                        ("Set-Cookie", "b=2"),
                    ]))
    }

    @Test func fieldsOfTheConnectionAreIgnored() {
        let result = #"{"statusCode":200,"headers":{"Content-Length":"1","connection":"close","Transfer-Encoding":"x","#
            + #""Date":"today","x-amzn-requestid":"mine","Keep-Alive":"1","Upgrade":"h2c"}}"#
        #expect(self.read(result) == self.response(200, ""))
    }

    @Test(arguments: [
        #"{"X":"a\r\nSet-Cookie: b"}"#, #"{"X":"a\nb"}"#, #"{"X":"a\rb"}"#, #"{"X":"a\u0000b"}"#, #"{"X Y":"a"}"#,
        #"{"X:":"a"}"#, #"{"":"a"}"#, #"{"X\r\nY":"a"}"#, #"{"Ü":"a"}"#, #"{"Content-Length":"1\r\n\r\nHTTP/1.1 200"}"#,
    ])
    func aFieldThatWouldSplitTheResponseIs502(headers: String) {
        #expect(self.read(#"{"statusCode":200,"headers":\#(headers)}"#) == nil)
    }

    @Test func aCookieThatWouldSplitTheResponseIs502() {
        #expect(self.read(#"{"statusCode":200,"cookies":["a=1\r\nX: y"]}"#) == nil)
    }

    @Test func valuesMayHaveTabsAndLettersOfAnyLanguage() {
        #expect(
            self.read(#"{"statusCode":200,"headers":{"Content-Type":"a","X":"é\tü"}}"#)
                == self.response(200, "", [("Content-Type", "a"), ("X", "é\tü")]))
    }

    @Test func deepJSONIsPassedOn() {
        let deep = String(repeating: "[", count: 900) + String(repeating: "]", count: 900)
        #expect(self.read(deep)?.body == ByteBuffer(string: deep))
        #expect(self.read(#"{"statusCode":200,"body":\#(deep)}"#)?.body == ByteBuffer(string: deep))
    }
}
