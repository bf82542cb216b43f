import LambdaProtocol
import NIOHTTP1

/// The header fields of a request that matter to an invocation, found in one pass (contract 1.2). The first of a name
/// counts.
struct InvokeHeaders {
    var invocationType: String?
    var logType: String?
    var clientContext: String?
    var tenantID: String?
    var traceID: String?

    init(_ headers: HTTPHeaders) {
        for (name, value) in headers {
            switch name.utf8.count {
            case 14 where self.logType == nil && Self.isSame(name, LambdaHeader.logType): self.logType = value
            case 15:
                if self.tenantID == nil, Self.isSame(name, LambdaHeader.tenantID) { self.tenantID = value }
                if self.traceID == nil, Self.isSame(name, LambdaHeader.traceID) { self.traceID = value }
            case 20 where self.clientContext == nil && Self.isSame(name, LambdaHeader.clientContext):
                self.clientContext = value
            case 21 where self.invocationType == nil && Self.isSame(name, LambdaHeader.invocationType):
                self.invocationType = value
            default: break
            }
        }
    }

    /// Compares two ASCII names of one length, whatever their case.
    private static func isSame(_ one: String, _ other: String) -> Bool {
        one.utf8.elementsEqual(other.utf8) { $0 | 0x20 == $1 | 0x20 }
    }
}
