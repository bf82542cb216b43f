internal import LambdaProtocol
internal import NIOCore
internal import NIOHTTP1

/// An error that a runtime tells in the trailers of a response (contract 6.2): Go and Node do.
struct TrailerError {
    let type: String
    let document: ByteBuffer

    /// - Parameter trailers: Of a response; empty ones are how Go says that all went well.
    init?(_ trailers: HTTPHeaders) {
        guard let type = trailers.first(name: "lambda-runtime-function-error-type"), !type.isEmpty else { return nil }
        self.type = type
        let body = trailers.first(name: "lambda-runtime-function-error-body") ?? ""
        // Swift's runtime sends a sentence where base64 is meant to be: it becomes the message.
        if !body.isEmpty, let bytes = Base64.decode(body) {
            self.document = ByteBuffer(bytes: bytes)
        } else {
            self.document = ErrorDocument.typeFirst(type: type, message: body)
        }
    }
}
