import AMQP

extension CallInstruments.Names {
    /// A client's calls.
    static let rpcClient = CallInstruments.Names(
        count: "amqp_rpc_client_calls", duration: "amqp_rpc_client_call_duration", subject: "queue",
        attribute: "messaging.destination.name")
    /// A server's requests.
    static let rpcServer = CallInstruments.Names(
        count: "amqp_rpc_server_requests", duration: "amqp_rpc_server_request_duration", subject: "queue",
        attribute: "messaging.destination.name")
}

extension RPCClient {
    /// Makes a call with a span and metrics of its own, where somebody wants them.
    func observed(
        _ request: RPCRequest, _ call: (RPCRequest) async throws(AMQPError) -> RPCReply
    ) async throws(AMQPError) -> RPCReply {
        guard let instruments = self.instruments else { return try await call(request) }
        let measurement = instruments.begin("call", request.routingKey.string)
        var request = request
        measurement.inject(into: &request.properties.headers)
        do throws(AMQPError) {
            let reply = try await call(request)
            measurement.end("success")
            return reply
        } catch {
            measurement.end(error.code.description, error)
            throw error
        }
    }
}
