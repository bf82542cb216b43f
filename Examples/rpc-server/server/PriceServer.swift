import AMQP
import AMQPRPC
import Foundation
import Logging
import NIOCore
import ServiceLifecycle

/// Says what things cost, to whoever asks by RabbitMQ, in any language. usage: price-server
@main
struct PriceServer {
    private static let prices = ["tea": 3, "coffee": 4]

    static func main() async throws {
        let uri = ProcessInfo.processInfo.environment["AMQP_URI"] ?? "amqp://localhost"
        let logger = Logger(label: "price-server")
        let connection = try await AMQPConnection.connect(AMQPConfiguration(uri: uri), logger: logger)
        // Sixteen requests at a time; where more wait, other servers of the same queue take them.
        let server = RPCServer(
            connection: connection,
            configuration: RPCServerConfiguration(queue: AMQPQueueDeclaration(name: "prices"), concurrency: 16)
        ) { request in
            let item = String(buffer: request.body)
            guard let price = Self.prices[item] else {
                throw RPCFault(type: "UnknownItem", status: 404, message: "there is no \(item)")
            }
            return .reply(RPCReply(body: ByteBuffer(string: "\(price)")))
        }
        // On a signal it takes no further request, and ends when what it handles is answered.
        let group = ServiceGroup(services: [server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        try await group.run()
        await connection.close()
    }
}
