import AMQP
import LambdaAMQP
import TestSupport

/// A client of a broker that plays functions.
struct ClientTest {
    let broker: FakeBroker
    let functions: FakeRPCBroker

    /// Starts a broker.
    ///
    /// - Parameter intercept: Answers a frame in the functions' place, where it does not return nil.
    static func start(
        intercept: @escaping @Sendable (FakeFrame) -> [FakeFrame]? = { _ in nil }
    ) async throws -> ClientTest {
        let functions = FakeRPCBroker()
        let script = functions.script.map { step in
            guard case .serve(let answer) = step else { return step }
            return .serve { intercept($0) ?? answer($0) }
        }
        return ClientTest(broker: try await FakeBroker.start(script), functions: functions)
    }

    var settings: AMQPConfiguration { self.settings(port: self.broker.port) }

    /// How many frames of a method came.
    func count(_ classID: UInt16, _ methodID: UInt16) -> Int {
        self.broker.frames.count { $0.type == 1 && $0.classID == classID && $0.methodID == methodID }
    }

    func settings(port: Int) -> AMQPConfiguration {
        var settings = AMQPConfiguration()
        settings.endpoints = [AMQPEndpoint(host: "127.0.0.1", port: port)]
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
