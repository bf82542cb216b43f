import AMQP
import LambdaAMQP
import NIOCore
import TestSupport
import Testing

extension EndToEnd {
    /// The broker goes and comes back while a daemon runs.
    @Suite struct BrokerRestart {
        @Test func theDaemonIsBackWithoutHelpAfterAnOrderlyRestart() async throws {
            try await self.restarting { node in
                try await node.stop()
                try await node.start()
            }
        }

        @Test func theDaemonIsBackWithoutHelpAfterACrash() async throws {
            try await self.restarting { node in
                try await node.kill()
                try await node.start()
            }
        }

        @Test func aCallUnderWayEndsWithAnErrorWhenItsBrokerGoes() async throws {
            try await BrokerNode.withNode { node in
                try await Daemon.with(.scripted, broker: node.uri) { daemon in
                    let call = try CLI.start(
                        daemon.name, #"{"do": "sleep", "ms": 2000}"#, uri: node.uri, options: ["--timeout", "60"])
                    // The first was the one by which the daemon was found ready.
                    try await daemon.untilStarted(invocations: 2)
                    try await node.kill()
                    // Its own broker is gone, its time is not up: it must not wait for the rest of the minute.
                    let result = try await call.result(within: .seconds(20))
                    #expect(result.status == .exited(2))
                    #expect(result.errors.contains("NoAnswer"), "\(result.errors)")
                }
            }
        }

        @Test func oneClientServesBeforeAndAfterARestart() async throws {
            try await BrokerNode.withNode { node in
                try await Daemon.with(.scripted, broker: node.uri) { daemon in
                    let connection = try await AMQPConnection.connect(AMQPConfiguration(uri: node.uri))
                    let client = try await LambdaClient(connection: connection)
                    let event = ByteBuffer(string: "\"kept\"")
                    #expect(try await client.invoke(daemon.name, payload: event).payload == event)
                    try await node.kill()
                    await #expect(throws: LambdaError.self) {
                        _ = try await client.invoke(daemon.name, payload: event, options: .init(timeout: .seconds(5)))
                    }
                    try await node.start()
                    // The same client, with a reply queue that the new broker has named.
                    try await eventually("the client is answered again", within: .seconds(15)) {
                        (try? await client.invoke(daemon.name, payload: event).payload) == event
                    }
                    await client.close()
                    await connection.close()
                }
            }
        }

        private func restarting(_ restart: (BrokerNode) async throws -> Void) async throws {
            try await BrokerNode.withNode { node in
                try await Daemon.with(.scripted, broker: node.uri) { daemon in
                    try await restart(node)
                    #expect(Program.isRunning(daemon.program.processID))
                    try await eventually("the daemon consumes again", within: .seconds(15)) {
                        try await CLI.invoke(daemon.name, "\"again\"", uri: node.uri).status == .exited(0)
                    }
                    let load = try await Load.run(daemon.name, "bytes:64", count: 200, window: 8, uri: node.uri)
                    #expect(load.replies == 200)
                    #expect(load.wrong == 0)
                }
            }
        }
    }
}
