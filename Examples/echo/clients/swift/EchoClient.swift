import AMQP
import Foundation
import LambdaAMQP
import NIOCore

/// Invokes the echo function through RabbitMQ, ten times at once.
@main
struct EchoClient {
    static func main() async throws {
        let uri = ProcessInfo.processInfo.environment["AMQP_URI"] ?? "amqp://localhost"
        let connection = try await AMQPConnection.connect(AMQPConfiguration(uri: uri))
        let lambda = try await LambdaClient(connection: connection)

        try await withThrowingTaskGroup(of: String.self) { group in
            for number in 1...10 {
                group.addTask {
                    let event = ByteBuffer(string: #"{"number": \#(number)}"#)
                    let result = try await lambda.invoke("echo-lambda", payload: event)
                    return String(buffer: result.payload)
                }
            }
            for try await answer in group { print(answer) }
        }

        await lambda.close()
        await connection.close()
    }
}
