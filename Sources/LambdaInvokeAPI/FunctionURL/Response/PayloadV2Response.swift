import LambdaProtocol
import NIOCore

/// What a function's result means to a function URL (contract 12.3).
enum PayloadV2Response {
    private static let contentType = "application/json"

    /// - Returns: `nil` where it means nothing, which is 502.
    static func read(_ result: ByteBuffer) -> FunctionURLResponse? {
        // What is no JSON goes out as it is.
        guard JSONValidator.validate(result) == nil else { return self.plain(result) }
        guard let members = JSONMembers(result) else { return self.plain(self.text(of: result)) }
        let response = ResponseMembers(members)
        guard response.has("statusCode") else { return self.plain(JSONCompaction.compact(result)) }
        guard let status = response.status, let headers = response.headers, let cookies = response.cookies,
            let body = response.body(allowsAny: true)
        else { return nil }
        return FunctionURLResponse(checking: status, headers + cookies, contentType: self.contentType, body: body)
    }

    private static func plain(_ body: ByteBuffer) -> FunctionURLResponse {
        FunctionURLResponse(status: 200, fields: [HTTPField("Content-Type", self.contentType)], body: body)
    }

    /// A string without its quotation marks; anything else without white space.
    private static func text(of result: ByteBuffer) -> ByteBuffer {
        let compact = JSONCompaction.compact(result)
        guard compact.readableBytesView.first == UInt8(ascii: "\""),
            case .success(.string(let text)) = JSONValue.parse(compact)
        else { return compact }
        return ByteBuffer(string: text)
    }
}
