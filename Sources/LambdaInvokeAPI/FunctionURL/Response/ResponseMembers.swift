import LambdaProtocol
import NIOCore

/// The members of an answer that both payload formats have (contract 12.3, 12.6), each checked by itself.
///
/// `nil` of a result means that the function answered what is no answer.
struct ResponseMembers {
    private let members: JSONMembers

    init(_ members: JSONMembers) {
        self.members = members
    }

    /// The names of all members.
    var names: [String] { self.members.all.map(\.name) }

    /// Whether a member is there, and not null.
    func has(_ name: String) -> Bool {
        self.members[name].map { !$0.readableBytesView.elementsEqual("null".utf8) } ?? false
    }

    /// A whole number, or a string of one.
    var status: Int? {
        switch self.value("statusCode") {
        case .string(let text): return Int(text)
        case .number(let text): return Int(text) ?? Double(text).flatMap { Int(exactly: $0) }
        default: return nil
        }
    }

    /// `headers`: strings, or numbers and booleans as their texts.
    var headers: [HTTPField]? {
        self.fields("headers") { name, value in
            switch JSONValue.parse(value) {
            case .success(.null): []
            case .success(let value): value.scalarText.map { [HTTPField(name, $0)] }
            case .failure: nil
            }
        }
    }

    /// `multiValueHeaders`: arrays of them.
    var multiValueHeaders: [HTTPField]? {
        self.fields("multiValueHeaders") { name, value in
            guard case .success(.array(let values)) = JSONValue.parse(value) else { return nil }
            let texts = values.compactMap(\.scalarText)
            return texts.count == values.count ? texts.map { HTTPField(name, $0) } : nil
        }
    }

    /// `cookies`: each a `Set-Cookie` field.
    var cookies: [HTTPField]? {
        guard self.has("cookies") else { return [] }
        guard case .array(let values) = self.value("cookies") else { return nil }
        let texts = values.compactMap(\.stringValue)
        return texts.count == values.count ? texts.map { HTTPField("Set-Cookie", $0) } : nil
    }

    /// `body`, decoded where `isBase64Encoded` says so.
    ///
    /// - Parameters:
    ///   - allowsAny: Whether anything but a string stands for its JSON text.
    ///   - decodesBase64: `false`: it is passed on as it is, whatever `isBase64Encoded` says.
    func body(allowsAny: Bool, decodesBase64: Bool = true) -> ByteBuffer? {
        guard let isBase64 = self.isBase64Encoded.map({ $0 && decodesBase64 }) else { return nil }
        guard self.has("body"), let text = self.members["body"] else { return ByteBuffer() }
        guard text.readableBytesView.first == UInt8(ascii: "\"") else {
            return allowsAny && !isBase64 ? JSONCompaction.compact(text) : nil
        }
        guard case .string(let body) = self.value("body") else { return nil }
        return isBase64 ? Base64.decode(body).map { ByteBuffer(bytes: $0) } : ByteBuffer(string: body)
    }

    private var isBase64Encoded: Bool? {
        guard self.has("isBase64Encoded") else { return false }
        guard case .bool(let flag) = self.value("isBase64Encoded") else { return nil }
        return flag
    }

    private func value(_ name: String) -> JSONValue? {
        guard let text = self.members[name], case .success(let value) = JSONValue.parse(text) else { return nil }
        return value
    }

    private func fields(_ name: String, _ fields: (String, ByteBuffer) -> [HTTPField]?) -> [HTTPField]? {
        guard self.has(name), let text = self.members[name] else { return [] }
        guard let members = JSONMembers(text) else { return nil }
        var result: [HTTPField] = []
        for member in members.all {
            guard let fields = fields(member.name, member.value) else { return nil }
            result += fields
        }
        return result
    }
}
