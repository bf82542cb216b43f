@testable import LambdaEnvironment
import NIOCore
import NIOHTTP1
import Testing

@Suite struct TrailerErrorTests {
    func trailers(_ type: String, _ body: String) -> HTTPHeaders {
        ["Lambda-Runtime-Function-Error-Type": type, "Lambda-Runtime-Function-Error-Body": body]
    }

    @Test func emptyTrailersAreGosWayToSayThatAllWentWell() {
        #expect(TrailerError(self.trailers("", "")) == nil)
        #expect(TrailerError([:]) == nil)
    }

    @Test func theBodyIsDecodedFromBase64() {
        let document = TrailerError(self.trailers("E", "eyJlcnJvclR5cGUiOiJFIn0="))?.document
        #expect(document == ByteBuffer(string: #"{"errorType":"E"}"#))
    }

    @Test func whatIsNotBase64BecomesTheMessage() {
        let document = TrailerError(self.trailers("Unhandled", "Requires base64"))?.document
        #expect(document == ByteBuffer(string: #"{"errorType":"Unhandled","errorMessage":"Requires base64"}"#))
    }
}
