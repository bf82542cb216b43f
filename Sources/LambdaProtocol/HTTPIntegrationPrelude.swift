import FoundationEssentials

/// Status and header fields that a function puts before its streamed body (contract 6.4).
///
/// Invoke and InvokeWithResponseStream hand the prelude on as bytes of the payload, as AWS does; only a function's URL
/// interprets it.
package struct HTTPIntegrationPrelude: Sendable, Equatable {
    /// The content type of a response that begins with a prelude.
    package static let contentType = "application/vnd.awslambda.http-integration-response"

    /// The HTTP status; 200 where the function names none.
    package var statusCode: Int
    /// Header fields, by name; one with several values stands several times.
    package var headers: [Field]
    /// The values of `Set-Cookie` fields.
    package var cookies: [String]

    /// A header field.
    package struct Field: Sendable, Equatable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package init(statusCode: Int = 200, headers: [Field] = [], cookies: [String] = []) {
        self.statusCode = statusCode
        self.headers = headers
        self.cookies = cookies
    }

    /// Reads the JSON object in front of the delimiter.
    ///
    /// - Returns: `nil` for what is no JSON object, or has members of other types.
    init?(json: some Collection<UInt8>) {
        guard let members = try? JSONDecoder().decode(Members.self, from: Data(json)) else { return nil }
        let single = (members.headers ?? [:]).map { Field($0.key, $0.value.text) }
        let multiple = (members.multiValueHeaders ?? [:]).flatMap { name, values in
            values.map { Field(name, $0.text) }
        }
        self.init(
            statusCode: members.statusCode ?? 200, headers: (single + multiple).sorted { $0.name < $1.name },
            cookies: members.cookies ?? [])
    }

    private struct Members: Decodable {
        var statusCode: Int?
        var headers: [String: Scalar]?
        var multiValueHeaders: [String: [Scalar]]?
        var cookies: [String]?
    }

    /// A field's value: numbers and booleans are taken as their text.
    private struct Scalar: Decodable {
        var text: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self.text = text
            } else if let number = try? container.decode(Int.self) {
                self.text = String(number)
            } else if let flag = try? container.decode(Bool.self) {
                self.text = String(flag)
            } else {
                self.text = String(try container.decode(Double.self))
            }
        }
    }
}
