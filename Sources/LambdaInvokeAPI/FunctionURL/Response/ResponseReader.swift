import LambdaProtocol
import NIOCore

/// What a whole answer of a function means to the client of its URL.
enum ResponseReader {
    static func read(_ reply: FunctionReply, _ url: FunctionURL) -> FunctionURLResponse? {
        if self.hasPrelude(reply.contentType) { return self.readPrelude(reply) }
        switch (url.invokeMode, url.payloadFormat) {
        // With a stream the body is not interpreted (contract 6.3), whether the function streams or not.
        case (.streaming, _):
            return FunctionURLResponse(
                checking: 200, [], contentType: reply.contentType ?? "application/json", body: reply.body)
        case (.buffered, .v2): return PayloadV2Response.read(reply.body)
        case (.buffered, .v1): return PayloadV1Response.read(reply.body, decodesBase64: url.decodesBase64)
        }
    }

    /// Whether a body begins with status and header fields (contract 6.4).
    static func hasPrelude(_ contentType: String?) -> Bool {
        guard let contentType else { return false }
        return contentType.prefix { $0 != ";" && $0 != " " }.lowercased() == HTTPIntegrationPrelude.contentType
    }

    /// What a prelude says, with the first bytes of the body, or all of it.
    static func response(_ prelude: HTTPIntegrationPrelude, body: ByteBuffer) -> FunctionURLResponse? {
        let fields = prelude.headers.map { HTTPField($0.name, $0.value) }
        let cookies = prelude.cookies.map { HTTPField("Set-Cookie", $0) }
        return FunctionURLResponse(
            checking: prelude.statusCode, fields + cookies, contentType: self.streamContentType, body: body)
    }

    /// A body whose prelude is missing.
    static func response(onlyBody body: ByteBuffer) -> FunctionURLResponse? {
        FunctionURLResponse(checking: 200, [], contentType: self.streamContentType, body: body)
    }

    static let streamContentType = "application/octet-stream"

    private static func readPrelude(_ reply: FunctionReply) -> FunctionURLResponse? {
        var parser = HTTPIntegrationPreludeParser()
        switch parser.received(reply.body) {
        case .prelude(let prelude, let body): return self.response(prelude, body: body)
        case .onlyBody(let body): return self.response(onlyBody: body)
        case .needsMore: return self.response(onlyBody: reply.body)
        case .malformed: return nil
        }
    }
}
