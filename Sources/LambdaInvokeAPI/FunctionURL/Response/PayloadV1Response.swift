import LambdaProtocol
import NIOCore

/// What a function's result means to API Gateway's REST APIs, which take nothing but their own form (contract 12.6).
enum PayloadV1Response {
    private static let known: Set<String> = ["isBase64Encoded", "statusCode", "headers", "multiValueHeaders", "body"]

    /// - Parameters:
    ///   - result: What the function returned.
    ///   - decodesBase64: Whether a body that is said to be Base64 is decoded.
    /// - Returns: `nil` where it means nothing, which is 502.
    static func read(_ result: ByteBuffer, decodesBase64: Bool = true) -> FunctionURLResponse? {
        guard JSONValidator.validate(result) == nil, let members = JSONMembers(result) else { return nil }
        let response = ResponseMembers(members)
        guard !response.names.isEmpty, response.names.allSatisfy(self.known.contains),
            let status = response.has("statusCode") ? response.status : 200,
            let headers = response.headers, let multiValueHeaders = response.multiValueHeaders,
            let body = response.body(allowsAny: false, decodesBase64: decodesBase64)
        else { return nil }
        return FunctionURLResponse(
            checking: status, self.merge(multiValueHeaders, headers), contentType: "application/json", body: body)
    }

    /// Those of `multiValueHeaders` first, whose spelling counts; a value that both have stands once.
    private static func merge(_ multiple: [HTTPField], _ single: [HTTPField]) -> [HTTPField] {
        let spellings = Dictionary(
            multiple.map { ($0.name.lowercased(), $0.name) }, uniquingKeysWith: { first, _ in first })
        return multiple
            + single.map { HTTPField(spellings[$0.name.lowercased()] ?? $0.name, $0.value) }
            .filter { !multiple.contains($0) }
    }
}
