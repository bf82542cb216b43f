import LambdaHTTP
import NIOCore
import NIOHTTP1

/// What OpenFaaS asks of the program that serves its functions (`ENABLE_OPENFAAS`, as fadams' daemon has it).
enum WatchdogRoute: Equatable {
    case invoke
    case health
    case ready

    /// - Returns: `nil` for a path that OpenFaaS does not use.
    init?(path: Substring) {
        switch path {
        case "/": self = .invoke
        case "/_/health": self = .health
        case "/_/ready": self = .ready
        default: return nil
        }
    }
}

extension InvokeAPI {
    /// Answers as the watchdog does; an invocation as Invoke does, with its statuses and headers.
    func handle(_ exchange: HTTPExchange, _ route: WatchdogRoute, _ requestID: String, isReady: () -> Bool) {
        switch route {
        case .invoke: self.invoke(exchange, "function", requestID, isStreaming: false, claim: nil)
        case .health: exchange.respond(status: .ok, headers: [], body: ByteBuffer(string: "OK"))
        case .ready:
            // A replica whose slots are all taken is left alone until one is free.
            exchange.respond(status: isReady() ? .ok : .serviceUnavailable, headers: [], body: nil)
        }
    }
}
