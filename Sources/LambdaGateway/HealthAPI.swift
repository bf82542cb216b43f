import LambdaHTTP
import LambdaProtocol
import NIOCore
import NIOHTTP1

/// `/health`: the process answers. `/ready`: invocations can be run.
enum HealthAPI {
    enum Route {
        case health
        case ready
    }

    /// - Returns: `nil` for a request that is not for this.
    static func route(_ path: Substring) -> Route? {
        switch path {
        case "/health": .health
        case "/ready": .ready
        default: nil
        }
    }

    /// Answers with what stands in the way of invocations, if anything does.
    static func answer(_ exchange: HTTPExchange, unreadiness: String?) {
        guard exchange.head.method == .GET || exchange.head.method == .HEAD else {
            return self.respond(exchange, .methodNotAllowed, [("message", JSONText.string("The method must be GET."))])
        }
        guard let unreadiness else { return self.respond(exchange, .ok, [("status", JSONText.string("ok"))]) }
        self.respond(
            exchange, .serviceUnavailable,
            [("status", JSONText.string("unavailable")), ("message", JSONText.string(unreadiness))])
    }

    private static func respond(
        _ exchange: HTTPExchange, _ status: HTTPResponseStatus, _ members: [(String, String)]
    ) {
        var headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]
        if status == .methodNotAllowed { headers.append(("Allow", "GET, HEAD")) }
        exchange.respond(status: status, headers: headers, body: ByteBuffer(string: JSONText.object(members)))
    }
}
