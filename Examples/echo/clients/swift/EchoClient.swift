import AMQP
import Foundation
import LambdaAMQP
import NIOCore

/// Invokes the echo function through RabbitMQ, ten times at once, and prints its answer. usage: echo-client [EVENT]
@main
struct EchoClient {
    static func main() async throws {
        let environment = ProcessInfo.processInfo.environment
        let uri = environment["AMQP_URI"] ?? "amqp://localhost"
        let name = environment["FUNCTION_NAME"] ?? "echo-lambda"
        let event = CommandLine.arguments.dropFirst().first ?? #"{"key": "value"}"#
        let connection = try await AMQPConnection.connect(AMQPConfiguration(uri: uri))
        let lambda = try await LambdaClient(connection: connection)

        let answers = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 1...10 {
                group.addTask {
                    let result = try await lambda.invoke(name, payload: ByteBuffer(string: event))
                    return String(buffer: result.payload)
                }
            }
            return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        }
        for (answer, count) in answers { print("\(answer) (\(count) times)") }

        await lambda.close()
        await connection.close()
    }
}
