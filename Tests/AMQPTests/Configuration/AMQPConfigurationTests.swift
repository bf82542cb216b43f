import AMQP
import Testing

@Suite struct AMQPConfigurationTests {
    @Test func defaultsAreValid() throws {
        try AMQPConfiguration().validate()
        #expect(AMQPConfiguration().description == "amqp://guest:***@localhost:5672/")
    }

    private typealias Change = @Sendable (inout AMQPConfiguration) -> Void

    private static let badSettings: [(String, Change)] = [
        ("endpoints", { $0.endpoints = [] }),
        ("endpoints", { $0.endpoints = [AMQPEndpoint(host: "")] }),
        ("endpoints", { $0.endpoints = [AMQPEndpoint(host: "h", port: 0)] }),
        ("virtualHost", { $0.virtualHost = String(repeating: "é", count: 128) }),
        ("username", { $0.username = "a\0b" }),
        ("password", { $0.password = "a\0b" }),
        ("authMechanisms", { $0.authMechanisms = [] }),
        ("auth_mechanism", { $0.authMechanisms = [.external] }),
        ("heartbeat", { $0.heartbeat = .milliseconds(1500) }),
        ("heartbeat", { $0.heartbeat = .seconds(-1) }),
        ("connectionTimeout", { $0.connectionTimeout = .zero }),
        ("connectionAttempts", { $0.connectionAttempts = 0 }),
        ("retryDelay", { $0.retryDelay = .seconds(-1) }),
        ("channelMax", { $0.channelMax = 65536 }),
        ("frameMax", { $0.frameMax = 4096 }),
        ("maxMessageByteCount", { $0.maxMessageByteCount = 0 }),
        ("outboundBufferLimit", { $0.outboundBufferLimit = 0 }),
        ("keyfile", { $0.tls = AMQPTLSSettings(keyfile: "/k") }),
    ]

    @Test(arguments: 0..<badSettings.count)
    func badSettingIsNamed(index: Int) {
        let (name, change) = Self.badSettings[index]
        var configuration = AMQPConfiguration()
        change(&configuration)
        let error = #expect(throws: AMQPError.self) { try configuration.validate() }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.hasPrefix(name) == true, "\(error?.message ?? "")")
    }

    @Test func heartbeatOfNilOrZeroIsNone() {
        var configuration = AMQPConfiguration()
        #expect(configuration.heartbeatSeconds == 60)
        configuration.heartbeat = .zero
        #expect(configuration.heartbeatSeconds == 0)
        configuration.heartbeat = nil
        #expect(configuration.heartbeatSeconds == 0)
    }
}
