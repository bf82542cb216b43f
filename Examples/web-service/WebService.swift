import AMQP
import Foundation
import Hummingbird
import LambdaAMQP
import Logging

/// A web service whose work is done by a function: `GET /greet/NAME` invokes `greeter`.
///
/// usage: web-service; AMQP_URI is the broker, PORT the port to listen on.
@main
struct WebService {
    /// The function's event.
    struct Guest: Codable {
        var name: String
    }

    /// The function's result.
    struct Greeting: Codable, ResponseEncodable {
        var greeting: String
    }

    static func main() async throws {
        let environment = ProcessInfo.processInfo.environment
        let logger = Logger(label: "web-service")
        // The group that runs the web server runs the client, too: it connects, and is drained after the last request.
        // Nobody waits for a page for a minute.
        let configuration = LambdaClientConfiguration(defaultOptions: InvocationOptions(timeout: .seconds(10)))
        let lambda = LambdaClient(
            try AMQPConfiguration(uri: environment["AMQP_URI"] ?? "amqp://localhost"), configuration: configuration,
            logger: logger)
        let router = Router()
        router.get("greet/:name") { _, context in
            try await Self.greet(context.parameters.require("name"), with: lambda)
        }
        let port = environment["PORT"].flatMap { Int($0) } ?? 8080
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)), services: [lambda],
            logger: logger)
        try await application.runService()
    }

    private static func greet(_ name: String, with lambda: LambdaClient) async throws -> Greeting {
        do {
            return try await lambda.invoke("greeter", event: Guest(name: name))
        } catch let error as FunctionError {
            // The function ran, and failed: its own error.
            throw HTTPError(.badGateway, message: error.message ?? error.kind)
        } catch let error as LambdaError {
            throw HTTPError(Self.status(of: error), message: error.message)
        }
    }

    /// An error of the way there and back: what the web service's caller can make of it.
    private static func status(of error: LambdaError) -> HTTPResponse.Status {
        switch error.code {
        case .badRequest: .badRequest
        case .tooLarge: .contentTooLarge
        case .notDeployed: .notFound
        // The function ran, and its result is no greeting.
        case .invalidResult: .badGateway
        // Nobody knows whether it ran; else it has certainly not run, and may later.
        default: error.mayHaveExecuted ? .gatewayTimeout : .serviceUnavailable
        }
    }
}
