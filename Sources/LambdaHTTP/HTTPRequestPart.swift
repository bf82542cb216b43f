import NIOCore
import NIOHTTP1

/// What comes in on a connection, in order.
enum HTTPRequestPart {
    case head(HTTPRequestHead)
    case body(ByteBuffer)
    case end(trailers: HTTPHeaders?)
    /// The request ends in an error; `status` is for a client that has no exchange yet.
    case failed(HTTPBodyError, status: HTTPResponseStatus)
    /// The client has closed its sending side.
    case inputClosed
}

extension HTTPExchangeStateMachine.HeadFacts {
    /// Reads what matters in one pass over the fields.
    init(_ head: HTTPRequestHead) {
        self.init(keepsAlive: head.isKeepAlive, declaredByteCount: 0)
        // NIO's decoder stops after an upgrade request (Java's client offers h2c on its first one): no further request
        // can be read from this connection.
        if head.method == .CONNECT { self.keepsAlive = false }
        for (name, value) in head.headers {
            switch name.utf8.count {
            case 6 where name.isCaseInsensitivelyEqual(to: "expect"):
                let isContinue = value.isCaseInsensitivelyEqual(to: "100-continue")
                self.expectsContinue = isContinue && head.version.minor > 0
                self.hasUnknownExpectation = !isContinue
            case 7 where name.isCaseInsensitivelyEqual(to: "upgrade"):
                self.keepsAlive = false
            case 14 where name.isCaseInsensitivelyEqual(to: "content-length"):
                self.declaredByteCount = Int(value) ?? 0
            case 17 where name.isCaseInsensitivelyEqual(to: "transfer-encoding"):
                self.declaredByteCount = nil
            default:
                break
            }
        }
    }
}

extension String {
    /// Compares with a lower-case ASCII text, whatever the case of this one.
    func isCaseInsensitivelyEqual(to lowercase: StaticString) -> Bool {
        guard self.utf8.count == lowercase.utf8CodeUnitCount else { return false }
        var expected = lowercase.utf8Start
        for byte in self.utf8 {
            let folded = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
            guard folded == expected.pointee else { return false }
            expected += 1
        }
        return true
    }
}
