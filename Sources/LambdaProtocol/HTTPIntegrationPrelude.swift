import NIOCore

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

    /// Reads the JSON object in front of the delimiter. Members that nobody knows are left aside.
    ///
    /// - Returns: `nil` for what is no JSON object, or has members of other types.
    init?(json: ByteBuffer) {
        guard case .success(let object) = JSONValue.parse(json), case .object(let members) = object,
            let statusCode = Self.statusCode(members["statusCode"]), let single = Self.fields(members["headers"]),
            let multiple = Self.multipleFields(members["multiValueHeaders"]),
            let cookies = Self.texts(members["cookies"])
        else { return nil }
        // The members of an object have no order: an answer is the same each time.
        self.init(
            statusCode: statusCode, headers: (single + multiple).sorted { $0.name < $1.name }, cookies: cookies)
    }

    private static func statusCode(_ value: JSONValue?) -> Int? {
        self.isAbsent(value) ? 200 : value?.integerValue
    }

    private static func fields(_ value: JSONValue?) -> [Field]? {
        if self.isAbsent(value) { return [] }
        guard case .object(let members) = value else { return nil }
        return self.all(members) { name, value in value.scalarText.map { [Field(name, $0)] } }
    }

    private static func multipleFields(_ value: JSONValue?) -> [Field]? {
        if self.isAbsent(value) { return [] }
        guard case .object(let members) = value else { return nil }
        return self.all(members) { name, value in
            guard let values = value.arrayValue else { return nil }
            let texts = values.compactMap(\.scalarText)
            return texts.count == values.count ? texts.map { Field(name, $0) } : nil
        }
    }

    private static func all(
        _ members: [String: JSONValue], _ fields: (String, JSONValue) -> [Field]?
    ) -> [Field]? {
        var result: [Field] = []
        for (name, value) in members {
            guard let fields = fields(name, value) else { return nil }
            result += fields
        }
        return result
    }

    private static func texts(_ value: JSONValue?) -> [String]? {
        if self.isAbsent(value) { return [] }
        guard let values = value?.arrayValue else { return nil }
        let texts = values.compactMap(\.stringValue)
        return texts.count == values.count ? texts : nil
    }

    private static func isAbsent(_ value: JSONValue?) -> Bool {
        value == nil || value == .null
    }
}
