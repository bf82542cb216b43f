package import AMQP
package import AMQPRPC

/// What a client calls by, once it is connected.
package struct ClientSession: Sendable {
    package let connection: AMQPConnection
    package let rpc: RPCClient
    let events: ConfirmingChannel

    /// A reply queue on a connection.
    static func start(
        on connection: AMQPConnection, _ configuration: LambdaClientConfiguration
    ) async throws(LambdaError) -> ClientSession {
        do throws(AMQPError) {
            let rpc = try await RPCClient.start(on: connection, configuration: configuration.replies)
            return ClientSession(connection: connection, rpc: rpc, events: ConfirmingChannel(connection: connection))
        } catch {
            throw LambdaError(starting: error)
        }
    }

    /// Calls that are under way fail, and the reply queue goes.
    func close() async {
        await self.rpc.close()
        await self.events.close()
    }
}
