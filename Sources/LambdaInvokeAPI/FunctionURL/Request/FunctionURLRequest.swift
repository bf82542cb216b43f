import LambdaProtocol
import NIOCore

/// A request as events tell it to functions; both payload formats are made of it.
struct FunctionURLRequest {
    var method: String
    /// The path that the function sees, still percent-encoded.
    var path: String
    /// The path as it was sent.
    var fullPath: String
    /// The query as it was sent, without its `?`; empty where there is none.
    var query: String
    /// What the client sent and the platform added, in order.
    var fields: [HTTPField]
    /// The `Host` field.
    var host: String
    var sourceIP: String
    var requestID: String
    var time: EpochClock.Instant
    var functionName: String
    /// The function's account.
    var accountID: String
    /// Who has signed the request, where that is asked for.
    var caller: RequestCaller?
    var body: ByteBuffer

    /// The first value of a field.
    func field(_ name: String) -> String? {
        self.fields.first { $0.name.lowercased() == name }?.value
    }

    /// The host without its port; that of an address of IPv6 keeps its brackets.
    var domainName: String {
        guard self.host.hasPrefix("[") else { return String(self.host.prefix { $0 != ":" }) }
        return self.host.prefix { $0 != "]" } + "]"
    }

    /// The first label of the domain, which on AWS is the URL's id.
    var domainPrefix: String {
        self.domainName.split(separator: ".").first.map { String($0) } ?? self.functionName
    }

    /// The path, decoded once; as it is where that is impossible.
    static func decoded(_ path: String) -> String {
        PercentEncoding.decode(path) ?? path
    }

    var eventBody: EventBody {
        EventBody(self.body, contentType: self.field("content-type"), contentEncoding: self.field("content-encoding"))
    }
}
