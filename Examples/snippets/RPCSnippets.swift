import AMQP
import AMQPRPC
import NIOCore

// What AMQPRPC's documentation shows, compiled: a test compares the texts.

func ask(_ connection: AMQPConnection) async throws {
    let client = try await RPCClient.start(on: connection)
    let request = RPCRequest(routingKey: "prices", body: ByteBuffer(string: "tea"))
    let reply = try await client.call(request, timeout: .seconds(5))
    print(String(buffer: reply.body))
}

func serve(_ connection: AMQPConnection) async throws {
    let server = RPCServer(
        connection: connection,
        configuration: RPCServerConfiguration(queue: AMQPQueueDeclaration(name: "prices"), concurrency: 16)
    ) { request in
        guard String(buffer: request.body) == "tea" else {
            throw RPCFault(type: "UnknownItem", status: 404, message: "there is only tea")
        }
        return .reply(RPCReply(body: ByteBuffer(string: "3")))
    }
    try await server.run()
}

func handle(_ client: RPCClient, _ request: RPCRequest) async {
    do throws(AMQPError) {
        let reply = try await client.call(request, timeout: .seconds(5))
        print(String(buffer: reply.body))
    } catch {
        switch error.code {
        case .fault: print("the server's own error: \(error.fault?.type ?? "")")
        case .unroutable: print("nobody has such a queue")
        case .timedOut, .connectionLost: print("it may have been handled")
        default: print(error.isRetriable ? "later" : "never", error)
        }
    }
}

func longCall(_ client: RPCClient, _ request: RPCRequest) async throws {
    let reply = try await client.call(request, timeout: .seconds(3600), silenceTimeout: .seconds(10))
    print(String(buffer: reply.body))
}

func quiet() -> RPCClientConfiguration {
    RPCClientConfiguration(observability: .none)
}
