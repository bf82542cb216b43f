import NIOCore

/// What a client gets: made of what a function answered, and safe to be sent.
struct FunctionURLResponse: Equatable {
    let status: Int
    private(set) var fields: [HTTPField]
    var body: ByteBuffer

    /// Fields that the server makes itself: those of the connection (contract 12.3), and the platform's ids.
    private static let ignored: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
        "content-length", "date", "x-amzn-requestid", "x-amzn-trace-id",
    ]

    /// Checks what a function said.
    ///
    /// - Parameters:
    ///   - status: 200 to 599: after one below, a client would wait for another.
    ///   - fields: Those that the server makes itself are left out.
    ///   - contentType: Added where the fields have none.
    ///   - body: The body.
    /// - Returns: `nil` for a status that is none, or a field that HTTP does not allow.
    init?(checking status: Int, _ fields: [HTTPField], contentType: String, body: ByteBuffer) {
        guard (200...599).contains(status), fields.allSatisfy(\.isValid) else { return nil }
        let kept = fields.filter { !Self.ignored.contains($0.name.lowercased()) }
        let type = HTTPField("Content-Type", contentType)
        guard type.isValid else { return nil }
        let hasType = kept.contains { $0.name.lowercased() == "content-type" }
        self.init(status: status, fields: hasType ? kept : [type] + kept, body: body)
    }

    /// An answer of the platform's own.
    init(status: Int, fields: [HTTPField], body: ByteBuffer) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// Puts the fields of CORS in, in the place of those that the function has sent (contract 12.4): two of a name would
    /// be none to a browser. `Vary` is a list, and only grows.
    mutating func add(cors: [HTTPField]) {
        guard !cors.isEmpty else { return }
        let replaced = Set(cors.map { $0.name.lowercased() }).subtracting(["vary"])
        self.fields = self.fields.filter { !replaced.contains($0.name.lowercased()) } + cors
    }
}
