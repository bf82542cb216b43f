import AMQP
import Logging
import NIOCore
import TestSupport
import Testing

/// What a caller is told of connecting: in the log, and by the error when several hosts fail.
@Suite(.timeLimit(.minutes(1))) struct AMQPConnectTests {
    private static func configuration(_ ports: Int...) -> AMQPConfiguration {
        var configuration = AMQPConfiguration()
        configuration.endpoints = ports.map { AMQPEndpoint(host: "127.0.0.1", port: $0) }
        return configuration
    }

    private static let refuseLogin: [FakeBrokerStep] = [
        .expect(FakeFrame.protocolHeader), .send(.connectionStart()), .expectMethod(10, 11),
        .send(.connectionClose(403, "ACCESS_REFUSED - Login was refused")), .expectClose,
    ]
    /// What a host does whose broker is starting, or going.
    private static let hangUp: [FakeBrokerStep] = [.expect(FakeFrame.protocolHeader), .close]

    /// The error of a connect to two hosts, which play these scripts.
    private func error(_ first: [FakeBrokerStep], _ second: [FakeBrokerStep]) async throws -> (AMQPError?, [Int]) {
        let (one, two) = (try await FakeBroker.start(first), try await FakeBroker.start(second))
        let error = await #expect(throws: AMQPError.self) {
            try await AMQPConnection.connect(Self.configuration(one.port, two.port))
        }
        #expect(one.failures + two.failures == [])
        #expect(one.connectionCount == 1 && two.connectionCount == 1)
        return (error, [one.port, two.port])
    }

    @Test func ofSeveralHostsErrorsTheOneThatNoFurtherAttemptMendsIsTold() async throws {
        let (last, lastPorts) = try await self.error(Self.hangUp, Self.refuseLogin)
        #expect(last?.code == .accessRefused && last?.replyCode == .accessRefused)
        #expect(last?.message.contains("127.0.0.1:\(lastPorts[1])") == true)
        let (first, firstPorts) = try await self.error(Self.refuseLogin, Self.hangUp)
        #expect(first?.code == .accessRefused && first?.replyCode == .accessRefused)
        #expect(first?.message.contains("127.0.0.1:\(firstPorts[0])") == true)
    }

    @Test func whereAllHostsMayStillComeTheLastErrorIsTold() async throws {
        let (error, ports) = try await self.error(Self.hangUp, Self.hangUp)
        #expect(error?.code == .connectionFailed)
        #expect(error?.message.contains("127.0.0.1:\(ports[1])") == true)
    }

    @Test func theNextHostIsTriedThoughTheFirstRefusesTheLogin() async throws {
        let (one, two) = (
            try await FakeBroker.start(Self.refuseLogin), try await FakeBroker.start(.handshake() + .agreeToClose)
        )
        let connection = try await AMQPConnection.connect(Self.configuration(one.port, two.port))
        await connection.close()
        #expect(one.failures + two.failures == [])
    }

    @Test func theLogOfAConnectNamesTheBrokersAddressVersionAndVirtualHost() async throws {
        let properties = Wire.table(
            Wire.entry("product", "S", Wire.longString("RabbitMQ")) + Wire.entry("version", "S", Wire.longString("9.8.7")))
        let broker = try await FakeBroker.start(
            [
                .expect(FakeFrame.protocolHeader), .send(.connectionStart(properties: properties)), .expectMethod(10, 11),
                .send(.connectionTune(channelMax: 10, frameMax: 131_072, heartbeat: 0)), .expectMethod(10, 31),
                .answer(10, 40) { _ in [.connectionOpenOK] },
            ] + .agreeToClose)
        let log = LogRecorder()
        var configuration = Self.configuration(broker.port)
        configuration.virtualHost = "shop"
        let connection = try await AMQPConnection.connect(configuration, logger: log.logger)
        await connection.close()
        #expect(broker.failures == [])
        let lines = log.lines.filter { $0.message == "Connected to the broker" }
        #expect(lines.map(\.level) == [.info])
        #expect(
            lines.first?.metadata == ["broker": "127.0.0.1:\(broker.port)", "version": "RabbitMQ 9.8.7", "vhost": "shop"])
    }

    @Test func tasksThatPreferTheConnectionsLoopRunOnItsThread() async throws {
        let broker = try await FakeBroker.start(.handshake(heartbeat: 0) + .openChannel + .agreeToClose)
        let connection = try await AMQPConnection.connect(Self.configuration(broker.port))
        try await withTaskExecutorPreference(connection.taskExecutor) {
            #expect(connection.eventLoop.inEventLoop)
            _ = try await connection.openChannel()
            #expect(connection.eventLoop.inEventLoop)
        }
        #expect(connection.taskExecutor === connection.taskExecutor)
        await connection.close()
        #expect(broker.failures == [])
    }
}
