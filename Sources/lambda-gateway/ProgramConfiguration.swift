import LambdaGateway
import LambdaInvokeAPI
import LambdaProgram
import LambdaProtocol
import Logging
import NIOCore

/// Everything that the gateway is told by its environment.
struct ProgramConfiguration {
    var gateway = GatewayConfiguration()
    var eventLoopCount: Int
    var logLevel: Logger.Level
    var logsJSON: Bool
    var files: ReloadedFiles

    /// - Parameters:
    ///   - settings: The environment.
    ///   - processorCount: Of this machine.
    /// - Throws: What is wrong, with the setting's name.
    init(_ settings: Settings, processorCount: Int) throws(SettingError) {
        self.logsJSON = try settings.boolean("USE_STRUCTURED_LOGGING", default: false)
        self.logLevel = try settings.logLevel()
        self.eventLoopCount = try settings.integer(
            "EVENT_LOOPS", default: min(max(processorCount, 1), 4), in: 1...1024)
        self.gateway.host = settings.text("INVOKE_API_HOST") ?? self.gateway.host
        self.gateway.port = try settings.integer("PORT", default: self.gateway.port, in: 1...65_535)
        self.gateway.maxConnections = try settings.integer(
            "MAX_CONNECTIONS", default: self.gateway.maxConnections, in: 1...1_000_000)
        self.gateway.maxBodyMemory = try settings.integer(
            "MAX_BODY_MEMORY", default: self.gateway.maxBodyMemory, in: 1...1_000_000_000_000)
        self.gateway.metrics = try settings.metricsAddress()
        self.gateway.region = settings.text("AWS_REGION") ?? settings.text("AWS_DEFAULT_REGION") ?? self.gateway.region
        self.gateway.clientTimeout = .seconds(
            Int64(try settings.integer("CLIENT_TIMEOUT", default: 30, in: 1...3600)))
        self.gateway.signatureRegion = settings.text("AWS_REGION") ?? settings.text("AWS_DEFAULT_REGION")
        self.files = try ReloadedFiles(settings)
        self.gateway.accessKeys = try self.files.accessKeys()
        self.gateway.tlsContext = try self.files.tlsContext()
        self.gateway.confirmsRequests = try settings.boolean("PUBLISHER_CONFIRMS", default: true)
        self.gateway.invocationTimeout = .seconds(
            Int64(try settings.integer("INVOKE_TIMEOUT", default: 58, in: 1...86_400)))
        self.gateway.streamTimeout = .seconds(
            Int64(try settings.integer("STREAM_TIMEOUT", default: 900, in: 1...86_400)))
        self.gateway.broker = try settings.broker(connectionName: "lambda-gateway", default: "amqp://localhost")
        try self.readPayloadRules(settings)
        self.gateway.urls = try FunctionURLSettings.read(settings, hasKeys: self.gateway.accessKeys != nil)
        self.gateway.urls?.limits = self.gateway.api.limits
    }

    /// As the daemons have them: they check again.
    private mutating func readPayloadRules(_ settings: Settings) throws(SettingError) {
        let sizes = 1...100_000_000
        let limits = self.gateway.api.limits
        self.gateway.api.limits.requestByteCount = try settings.integer(
            "REQUEST_LIMIT", default: limits.requestByteCount, in: sizes)
        self.gateway.api.limits.eventByteCount = try settings.integer(
            "EVENT_LIMIT", default: limits.eventByteCount, in: sizes)
        self.gateway.api.requiresJSON = try settings.boolean("REQUIRE_JSON", default: true)
    }

    /// Whether every function may be invoked without a signature.
    var isOpen: Bool {
        self.gateway.accessKeys == nil || self.gateway.urls?.table.opensEveryFunction == true
    }

    /// Whether only programs of this host reach the listener.
    var isLocal: Bool {
        self.gateway.host == "localhost" || self.gateway.host == "::1" || self.gateway.host.hasPrefix("127.")
    }
}
