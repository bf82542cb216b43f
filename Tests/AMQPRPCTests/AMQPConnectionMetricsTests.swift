import AMQP
import AMQPRPC
import MetricsTestKit
import NIOCore
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct AMQPConnectionMetricsTests {
    private let metrics = TestMetrics()

    private func value(_ label: String) throws -> Double? {
        try self.metrics.expectMeter(label, [("connection", "test")]).lastValue
    }

    private func losses() throws -> Int64 {
        try self.metrics.expectCounter("amqp_connection_losses", [("connection", "test")]).totalValue
    }

    @Test func theyTellWhatAConnectionGoesThrough() throws {
        let instruments = ConnectionInstruments(name: "test", factory: self.metrics)
        let lost = AMQPError(.connectionLost, "cut")
        #expect(try self.losses() == 0)

        instruments.changed(to: .connected)
        #expect(try self.value("amqp_connection_connected") == 1)
        #expect(try self.value("amqp_connection_blocked") == 0)

        instruments.changed(to: .blocked(reason: "memory"))
        #expect(try self.value("amqp_connection_connected") == 1)
        #expect(try self.value("amqp_connection_blocked") == 1)

        instruments.changed(to: .recovering(lost))
        #expect(try self.value("amqp_connection_connected") == 0)
        #expect(try self.value("amqp_connection_blocked") == 0)
        #expect(try self.losses() == 1)

        // Another attempt has failed.
        instruments.changed(to: .recovering(AMQPError(.connectionFailed, "refused")))
        #expect(try self.losses() == 1)

        instruments.changed(to: .connected)
        instruments.changed(to: .closed(AMQPError(.connectionClosed, "closed")))
        #expect(try self.value("amqp_connection_connected") == 0)
        #expect(try self.losses() == 1)
    }

    @Test func aServiceFollowsItsConnectionToTheEnd() async throws {
        let rpc = FakeRPCBroker()
        let broker = try await FakeBroker.start(rpc.script)
        var settings = AMQPConfiguration()
        settings.endpoints = [AMQPEndpoint(host: "127.0.0.1", port: broker.port)]
        let connection = try await AMQPConnection.connect(settings)
        let service = AMQPConnectionMetrics(of: connection, name: "test", factory: self.metrics)
        let running = Task { await service.run() }
        try await waitUntil { try self.value("amqp_connection_connected") == 1 }
        try await connection.eventLoop.submit {
            connection.link?.abort(AMQPError(.connectionLost, "cut by the test"))
        }.get()
        try await waitUntil { try self.losses() == 1 && self.value("amqp_connection_connected") == 1 }
        await connection.close()
        await running.value
        #expect(try self.value("amqp_connection_connected") == 0)
    }
}
