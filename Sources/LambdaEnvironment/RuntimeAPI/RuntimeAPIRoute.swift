internal import NIOHTTP1

/// What a request to the Runtime API asks for (contract 4.1).
enum RuntimeAPIRoute: Equatable {
    case ping
    case next
    /// `id` as it was sent: a UUID has nothing that a client would percent-encode (Node's does encode ids).
    case response(id: Substring)
    case error(id: Substring)
    case initError
    case unknownPath
    case wrongMethod

    private static let invocation = "/2018-06-01/runtime/invocation/"

    init(method: HTTPMethod, path: Substring) {
        // By bytes: stepping over characters costs more than the rest of the request.
        if path.utf8.starts(with: Self.invocation.utf8) {
            self.init(method: method, invocationPath: Substring(path.utf8.dropFirst(Self.invocation.utf8.count)))
        } else {
            switch path {
            case "/2018-06-01/runtime/init/error": self = method == .POST ? .initError : .wrongMethod
            case "/2018-06-01/ping": self = method == .GET ? .ping : .wrongMethod
            default: self = .unknownPath
            }
        }
    }

    private init(method: HTTPMethod, invocationPath: Substring) {
        if invocationPath == "next" {
            self = method == .GET ? .next : .wrongMethod
            return
        }
        guard let slash = invocationPath.utf8.lastIndex(of: UInt8(ascii: "/")), slash != invocationPath.startIndex else {
            self = .unknownPath
            return
        }
        let id = invocationPath[..<slash]
        switch invocationPath[invocationPath.utf8.index(after: slash)...] {
        case "response": self = method == .POST ? .response(id: id) : .wrongMethod
        case "error": self = method == .POST ? .error(id: id) : .wrongMethod
        default: self = .unknownPath
        }
    }
}
