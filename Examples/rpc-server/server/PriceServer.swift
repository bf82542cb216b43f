import AMQP
import AMQPRPC
import Foundation
import NIOCore

/// Says what things cost, to whoever asks by RabbitMQ, in any language. usage: price-server
@main
struct PriceServer {
    private static let prices = ["tea": 3, "coffee": 4]

    static func main() async throws {
        let uri = ProcessInfo.processInfo.environment["AMQP_URI"] ?? "amqp://localhost"
        let connection = try await AMQPConnection.connect(AMQPConfiguration(uri: uri))
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
        try await server.run()
    }
}
