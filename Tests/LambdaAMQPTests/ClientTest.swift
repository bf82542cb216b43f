import AMQP
import LambdaAMQP
import TestSupport

/// A client of a broker that plays functions.
struct ClientTest {
    let broker: FakeBroker
    let functions: FakeRPCBroker

    static func start() async throws -> ClientTest {
        let functions = FakeRPCBroker()
        return ClientTest(broker: try await FakeBroker.start(functions.script), functions: functions)
    }

    var settings: AMQPConfiguration {
        var settings = AMQPConfiguration()
        settings.endpoints = [AMQPEndpoint(host: "127.0.0.1", port: self.broker.port)]
        return settings
    }

    /// Where nobody listens any more.
    static func deadBroker(attempts: Int = 1) async throws -> AMQPConfiguration {
        let test = try await ClientTest.start()
        var settings = test.settings
        settings.connectionAttempts = attempts
        settings.retryDelay = .milliseconds(20)
        await test.broker.stop()
        return settings
    }
}
