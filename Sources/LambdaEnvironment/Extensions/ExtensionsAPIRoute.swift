internal import NIOHTTP1

/// What a request to the Extensions API asks for (contract 7.1).
enum ExtensionsAPIRoute: Equatable {
    case register
    case next
    case initError
    case exitError
    case wrongMethod

    /// `nil` for a path of no route.
    init?(method: HTTPMethod, path: Substring) {
        switch path {
        case "/2020-01-01/extension/register": self = method == .POST ? .register : .wrongMethod
        case "/2020-01-01/extension/event/next": self = method == .GET ? .next : .wrongMethod
        case "/2020-01-01/extension/init/error": self = method == .POST ? .initError : .wrongMethod
        case "/2020-01-01/extension/exit/error": self = method == .POST ? .exitError : .wrongMethod
        default: return nil
        }
    }
}
