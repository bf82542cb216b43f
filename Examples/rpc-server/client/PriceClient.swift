import AMQP
import AMQPRPC
import Foundation
import NIOCore

/// Asks what things cost. usage: price-client ITEM…
@main
struct PriceClient {
    static func main() async throws {
        let uri = ProcessInfo.processInfo.environment["AMQP_URI"] ?? "amqp://localhost"
        let connection = try await AMQPConnection.connect(AMQPConfiguration(uri: uri))
        let client = try await RPCClient.start(on: connection)
        for item in CommandLine.arguments.dropFirst() {
            let request = RPCRequest(routingKey: "prices", body: ByteBuffer(string: item))
            do throws(AMQPError) {
                let reply = try await client.call(request, timeout: .seconds(5))
                print("\(item): \(String(buffer: reply.body))")
            } catch {
                // The server's own error, or why there is no answer.
                print("\(item): \(error.fault?.message ?? error.message)")
            }
        }
        await client.close()
        await connection.close()
    }
}
