import LambdaProtocol
import NIOCore

@testable import LambdaInvokeAPI

extension FunctionURLRequest {
    /// `POST /shop/pa2%25Fth/1?a=1&b=foo&b=%2Fbar`, of which the function sees everything behind `/shop`.
    static func test(
        fields: [(String, String)] = [("Content-Type", "application/json")], body: String = #"{"n": 1}"#,
        path: String = "/pa2%25Fth/1", query: String = "a=1&b=foo&b=%2Fbar", host: String = "abc.example.org:8080"
    ) -> FunctionURLRequest {
        FunctionURLRequest(
            method: "POST", path: path, fullPath: "/shop" + path, query: query,
            fields: fields.map { HTTPField($0.0, $0.1) }, host: host, sourceIP: "192.0.2.1",
            requestID: "11111111-1111-4111-8111-111111111111",
            time: EpochClock.Instant(millisecondsSinceEpoch: 1_583_348_638_390), functionName: "shop",
            accountID: "012345678912", body: ByteBuffer(string: body))
    }
}

extension ByteBuffer {
    /// The JSON text's value at a path of member names.
    subscript(_ names: String...) -> JSONValue? {
        guard case .success(let value) = JSONValue.parse(self) else { return nil }
        return names.reduce(value) { $0?[$1] }
    }
}
