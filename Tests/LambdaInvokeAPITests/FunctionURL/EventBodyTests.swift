import NIOCore
import Testing

@testable import LambdaInvokeAPI

/// Contract 12.2.
@Suite struct EventBodyTests {
    private func body(_ bytes: [UInt8], _ type: String?, encoding: String? = nil) -> EventBody {
        EventBody(ByteBuffer(bytes: bytes), contentType: type, contentEncoding: encoding)
    }

    @Test(arguments: [
        "text/plain", "text/html; charset=utf-8", "TEXT/CSV", "application/json", "Application/JSON ;charset=utf-8",
        "application/javascript", "application/xml", "application/problem+json", "application/atom+xml",
    ])
    func textStaysText(type: String) {
        #expect(self.body(Array("é\"".utf8), type) == .text(ByteBuffer(string: "é\"")))
    }

    @Test(arguments: [
        "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "application/octet-stream", "image/png",
        "image/svg+xml", "application/pdf", "", "textual/plain", "application/jsonl", nil,
    ])
    func everythingElseIsBase64(type: String?) {
        #expect(self.body(Array("a=1".utf8), type) == .base64("YT0x"))
    }

    @Test func textThatIsNotUTF8IsBase64() {
        #expect(self.body([0xE9], "text/plain") == .base64("6Q=="))
        #expect(self.body([0xC3], "application/json") == .base64("ww=="))
    }

    @Test func whatIsEncodedIsBase64() {
        #expect(self.body(Array("a=1".utf8), "text/plain", encoding: "gzip") == .base64("YT0x"))
    }

    @Test func anEmptyBodyIsNone() {
        #expect(self.body([], "image/png") == .none)
        #expect(!self.body([], "image/png").isBase64)
    }
}
