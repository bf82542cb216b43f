import NIOCore
import Testing

@testable import LambdaInvokeAPI

/// Contract 12.6, row by row.
@Suite struct PayloadV1ResponseTests {
    private func read(_ result: String) -> FunctionURLResponse? {
        PayloadV1Response.read(ByteBuffer(string: result))
    }

    private let json = HTTPField("Content-Type", "application/json")

    @Test(arguments: [
        (#"{"statusCode":200}"#, 200, ""), (#"{"statusCode":"201"}"#, 201, ""), (#"{"headers":{}}"#, 200, ""),
        (#"{"headers":null,"body":"a"}"#, 200, "a"), (#"{"statusCode":204,"body":null}"#, 204, ""),
        (#"{"statusCode":200,"body":"aGk=","isBase64Encoded":true}"#, 200, "hi"),
        (#"{"statusCode":200,"body":"{\"a\": 1}","multiValueHeaders":null}"#, 200, #"{"a": 1}"#),
    ])
    func itsOwnFormIsAResponse(result: String, status: Int, body: String) {
        #expect(
            self.read(result)
                == FunctionURLResponse(status: status, fields: [self.json], body: ByteBuffer(string: body)))
    }

    @Test(arguments: [
        "{}", #""hello""#, "3", "null", "[]", "not JSON", "", #"{"statusCode":"test"}"#,
        #"{"statusCode":200,"wrongValue":"x"}"#, #"{"statusCode":200,"cookies":[]}"#, #"{"statusCode":200,"body":{}}"#,
        #"{"statusCode":200,"body":1}"#, #"{"statusCode":200,"multiValueHeaders":{"a":"1"}}"#,
        #"{"statusCode":200,"multiValueHeaders":{"a":[{}]}}"#, #"{"statusCode":200,"multiValueHeaders":[]}"#,
        #"{"statusCode":200,"headers":{"a":"b\r\nc: d"}}"#, #"{"statusCode":200,"multiValueHeaders":{"a":["b\nc"]}}"#,
        #"{"statusCode":100}"#, #"{"statusCode":200,"body":"*","isBase64Encoded":true}"#,
    ])
    func everythingElseIs502(result: String) {
        #expect(self.read(result) == nil)
    }

    /// As a REST API without binary media types has it.
    @Test func base64IsPassedOnAsItIsWhereThatIsWanted() {
        let result = ByteBuffer(string: #"{"statusCode":200,"body":"aGk=","isBase64Encoded":true}"#)
        #expect(PayloadV1Response.read(result, decodesBase64: false)?.body == ByteBuffer(string: "aGk="))
        let malformed = ByteBuffer(string: #"{"statusCode":200,"body":"*","isBase64Encoded":true}"#)
        #expect(PayloadV1Response.read(malformed, decodesBase64: false)?.body == ByteBuffer(string: "*"))
    }

    @Test func booleansAndNumbersAreTheirTexts() {
        #expect(
            self.read(#"{"headers":{"a":true,"b":1.5}}"#)?.fields
                == [self.json, HTTPField("a", "true"), HTTPField("b", "1.5")])
    }

    @Test func aHeaderInBothMapsIsMergedMultiValueFirstAndSpelledAsThere() {
        let result = #"{"headers":{"x-name":"3","Y":"4"},"multiValueHeaders":{"X-Name":["1","2"]}}"#
        #expect(
            self.read(result)?.fields == [
                self.json, HTTPField("X-Name", "1"), HTTPField("X-Name", "2"), HTTPField("X-Name", "3"),
                HTTPField("Y", "4"),
            ])
    }

    @Test func aValueThatBothHaveStandsOnce() {
        let result = #"{"headers":{"x":"2"},"multiValueHeaders":{"X":["1","2"]}}"#
        #expect(self.read(result)?.fields == [self.json, HTTPField("X", "1"), HTTPField("X", "2")])
    }
}
