import AMQP
import LambdaEnvironment
import LambdaFunction
import LambdaMetrics
import LambdaProgram
import LambdaProtocol
import Logging
import NIOCore

/// Everything that the daemon is told, from its command line and its environment.
struct DaemonConfiguration {
    var function: FunctionConfiguration
    var invokeAPIHost: String
    var invokeAPIPort: Int
    /// The function as a web site, on a port of its own; `nil`: it is none.
    var functionURL: FunctionURLSettings?
    /// `nil`: no broker, HTTP only.
    var amqp: AMQPConfiguration?
    /// Messages held ready beyond those that run, for each slot; `nil`: as many as do no harm.
    var lookAhead: Int?
    /// Who of several daemons has messages first.
    var consumerPriority: Int
    /// Daemons with a runtime that has started come before those without.
    var prefersWarm: Bool
    /// Seconds that a drain may take; `nil`: as long as it takes.
    var drainSeconds: Int?
    /// Serve what OpenFaaS asks of its watchdog, too.
    var emulatesWatchdog: Bool
    /// Whether an event has to be JSON.
    var requiresJSON: Bool
    /// How far a caller's clock may differ from ours, in milliseconds.
    var clockSkewMilliseconds: Int64
    /// How events are kept and tried again; `nil`: they run once, as they come.
    var events: EventSettings?
    /// Where metrics are served; `nil`: nothing is counted.
    var metrics: MetricsServer.Address?
    var logLevel: Logger.Level
    var logsJSON: Bool

    /// - Parameters:
    ///   - options: The command line.
    ///   - variables: The environment.
    ///   - fileExists: Whether a path is there.
    ///   - isFolder: Whether a path is a folder.
    /// - Throws: What is wrong, with the setting's name.
    init(
        options: CommandLineOptions, variables: [String: String], fileExists: (String) -> Bool,
        isFolder: (String) -> Bool
    ) throws(SettingError) {
        let settings = Settings(variables)
        let bootstrap = try Bootstrap(options: options, settings: settings, fileExists: fileExists)
        self.logsJSON = try settings.boolean("USE_STRUCTURED_LOGGING", default: false)
        self.logLevel = try settings.logLevel(option: options.logLevel)
        self.emulatesWatchdog = try settings.boolean("ENABLE_OPENFAAS", default: false)
        self.lookAhead =
            settings.text("AMQP_LOOKAHEAD") == nil
            ? nil : try settings.integer("AMQP_LOOKAHEAD", default: 0, in: 0...1000)
        self.consumerPriority = try settings.integer(
            "AMQP_CONSUMER_PRIORITY", default: 0, in: -1_000_000...1_000_000)
        self.prefersWarm = try settings.boolean("AMQP_PREFER_WARM", default: false)
        self.drainSeconds =
            settings.text("DRAIN_SECONDS") == nil ? nil : try settings.integer("DRAIN_SECONDS", default: 0, in: 0...86_400)
        self.requiresJSON = try settings.boolean("REQUIRE_JSON", default: true)
        self.clockSkewMilliseconds = 1000 * Int64(try settings.integer("CLOCK_SKEW", default: 5, in: 0...3600))
        self.function = try Self.function(options, settings, bootstrap, variables, logsJSON: self.logsJSON)
        self.function.environment.extensionFolder = try Self.extensionFolder(settings, fileExists, isFolder)
        (self.invokeAPIHost, self.invokeAPIPort) = try Self.invokeAPIAddress(options, settings)
        self.functionURL = try FunctionURLSettings(settings, limits: self.function.environment.limits)
        self.events = try EventSettings(settings)
        self.metrics = try settings.metricsAddress()
        self.amqp = try settings.broker(
            connectionName: "lambda-runtime-api-daemon \(self.function.environment.function.name)")
    }

    /// The queue that is consumed.
    var queueName: String {
        let name = self.function.environment.function.name
        return self.function.qualifier.map { "\(name):\($0)" } ?? name
    }
}

// MARK: - The function

extension DaemonConfiguration {
    private static func function(
        _ options: CommandLineOptions, _ settings: Settings, _ bootstrap: Bootstrap, _ variables: [String: String],
        logsJSON: Bool
    ) throws(SettingError) -> FunctionConfiguration {
        let description = FunctionDescription(
            name: try self.functionName(settings, handler: bootstrap.handler),
            version: try self.version(settings), handler: bootstrap.handler,
            memorySizeInMegabytes: try settings.integer(
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", default: 3008, in: 1...1_000_000),
            region: settings.text("AWS_REGION") ?? settings.text("AWS_DEFAULT_REGION") ?? "us-east-1")
        let (host, port) = try self.runtimeAPIAddress(options, settings)
        let timeout = try settings.integer("AWS_LAMBDA_FUNCTION_TIMEOUT", default: 3, in: 1...86_400)
        let maxInvocations = try settings.integer("AWS_LAMBDA_MAX_CONCURRENCY", default: 1, in: 1...10_000)
        var environment = EnvironmentConfiguration(
            function: description, invocationTimeout: .seconds(Int64(timeout)), command: bootstrap.command,
            workingDirectory: bootstrap.workingDirectory,
            variables: RuntimeEnvironmentVariables(
                container: variables, function: description, maxInvocations: maxInvocations),
            runtimeAPIHost: host, runtimeAPIPort: port, logs: try self.logs(settings, logsJSON: logsJSON))
        environment.maxInvocations = maxInvocations
        environment.limits = try self.limits(settings)
        let idle = try settings.integer("AWS_LAMBDA_FUNCTION_IDLETIMEOUT", default: 1800, in: 0...31_536_000)
        let maxEnvironments = try settings.integer("MAX_CONCURRENCY", default: 1, in: 1...10_000)
        return FunctionConfiguration(
            environment: environment, qualifier: try self.qualifier(settings),
            maxEnvironments: maxEnvironments,
            minEnvironments: try settings.integer(
                "MIN_CONCURRENCY", default: options.startsAtOnce ? 1 : 0, in: 0...maxEnvironments),
            reservedForCallers: try settings.integer(
                "CALLER_RESERVED_CONCURRENCY", default: 0, in: 0...(maxEnvironments - 1)),
            idleTimeout: idle == 0 ? nil : .seconds(Int64(idle)),
            maxWaiting: try settings.integer("MAX_WAITING", default: 1000, in: 0...1_000_000),
            maxWaitingTime: .seconds(Int64(try settings.integer("MAX_WAITING_SECONDS", default: 60, in: 1...86_400))),
            idempotencyTime: .seconds(Int64(try settings.integer("IDEMPOTENCY_SECONDS", default: 300, in: 0...86_400))))
    }

    /// AWS's sizes, where no others are set. A whole body is held in memory; a stream is not.
    private static func limits(_ settings: Settings) throws(SettingError) -> LambdaLimits {
        let whole = 1...100_000_000
        var limits = LambdaLimits()
        limits.requestByteCount = try settings.integer("REQUEST_LIMIT", default: limits.requestByteCount, in: whole)
        limits.responseByteCount = try settings.integer("RESPONSE_LIMIT", default: limits.responseByteCount, in: whole)
        limits.eventByteCount = try settings.integer("EVENT_LIMIT", default: limits.eventByteCount, in: whole)
        limits.streamedResponseByteCount = try settings.integer(
            "STREAMED_RESPONSE_LIMIT", default: limits.streamedResponseByteCount, in: 1...1_000_000_000_000)
        return limits
    }

    private static func logs(_ settings: Settings, logsJSON: Bool) throws(SettingError) -> LogConfiguration {
        let format = settings.text("AWS_LAMBDA_LOG_FORMAT") ?? "Text"
        guard ["text", "json"].contains(format.lowercased()) else {
            throw SettingError("AWS_LAMBDA_LOG_FORMAT", "'\(format)' is neither Text nor JSON")
        }
        return LogConfiguration(
            format: logsJSON || format.lowercased() == "json" ? .json : .text,
            printsReports: try settings.boolean("PRINT_REPORTS", default: true),
            capturesOutput: try settings.boolean("CAPTURE_LOGS", default: true))
    }

    /// The folder of the external extensions; `nil` where AWS's file beside it turns all extensions off.
    private static func extensionFolder(
        _ settings: Settings, _ fileExists: (String) -> Bool, _ isFolder: (String) -> Bool
    ) throws(SettingError) -> String? {
        let name = "LAMBDA_EXTENSIONS_DIRECTORY"
        let folder = settings.text(name) ?? ExtensionFolder.standardPath
        if settings.text(name) != nil, !isFolder(folder) {
            throw SettingError(name, "'\(folder)' is not a folder")
        }
        return fileExists(ExtensionFolder.killSwitchPath(for: folder)) ? nil : folder
    }

    /// The name that is set; else the handler's first part: `echo` for `echo.handler`, as fadams' daemon has it.
    private static func functionName(_ settings: Settings, handler: String) throws(SettingError) -> String {
        if let name = settings.text("AWS_LAMBDA_FUNCTION_NAME") {
            guard name.utf8.count <= 64, name.utf8.allSatisfy(self.isNameByte) else {
                throw SettingError(
                    "AWS_LAMBDA_FUNCTION_NAME", "'\(name)' is not 1 to 64 letters, digits, hyphens and underscores")
            }
            return name
        }
        let file = handler.split(separator: "/").last ?? ""
        let stem = file.split(separator: ".").first ?? ""
        let name = String(decoding: stem.utf8.prefix(64).map { self.isNameByte($0) ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
        return name.isEmpty ? "test_function" : name
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }

    private static func version(_ settings: Settings) throws(SettingError) -> String {
        guard let version = settings.text("AWS_LAMBDA_FUNCTION_VERSION") else { return "$LATEST" }
        guard version == "$LATEST" || version.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw SettingError("AWS_LAMBDA_FUNCTION_VERSION", "'\(version)' is neither $LATEST nor a number")
        }
        return version
    }

    private static func qualifier(_ settings: Settings) throws(SettingError) -> String? {
        guard let qualifier = settings.text("AWS_LAMBDA_FUNCTION_QUALIFIER"), qualifier != "$LATEST" else { return nil }
        guard qualifier.utf8.count <= 128, qualifier.utf8.allSatisfy(self.isNameByte) else {
            throw SettingError(
                "AWS_LAMBDA_FUNCTION_QUALIFIER",
                "'\(qualifier)' is not 1 to 128 letters, digits, hyphens and underscores")
        }
        return qualifier
    }
}

// MARK: - Addresses

extension DaemonConfiguration {
    static func invokeAPIAddress(
        _ options: CommandLineOptions, _ settings: Settings
    ) throws(SettingError) -> (String, Int) {
        if let address = options.invokeAPIAddress {
            return try self.address(address, setting: "--runtime-interface-emulator-address")
        }
        let name = settings.text("INVOKE_API_PORT") == nil ? "PORT" : "INVOKE_API_PORT"
        let port = try settings.integer(name, default: 8080, in: 1...65_535)
        return (settings.text("INVOKE_API_HOST") ?? "0.0.0.0", port)
    }

    private static func runtimeAPIAddress(
        _ options: CommandLineOptions, _ settings: Settings
    ) throws(SettingError) -> (String, Int) {
        let setting = options.runtimeAPIAddress == nil ? "RUNTIME_API_HOST" : "--runtime-api-address"
        var host = settings.text("RUNTIME_API_HOST") ?? "127.0.0.1"
        var port = try settings.integer("RUNTIME_API_PORT", default: 9001, in: 1...65_535)
        if let address = options.runtimeAPIAddress { (host, port) = try self.address(address, setting: setting) }
        if host == "localhost" { host = "127.0.0.1" }
        // swift-aws-lambda-runtime takes nothing but a literal IPv4 address in AWS_LAMBDA_RUNTIME_API.
        guard let parsed = try? SocketAddress(ipAddress: host, port: port), parsed.protocol == .inet else {
            throw SettingError(setting, "'\(host)' is not an IPv4 address")
        }
        return (host, port)
    }

    private static func address(_ text: String, setting: String) throws(SettingError) -> (String, Int) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (1...65_535).contains(port)
        else { throw SettingError(setting, "'\(text)' is not HOST:PORT") }
        let host = text[..<colon].drop { $0 == "[" }.prefix { $0 != "]" }
        return (host.isEmpty ? "0.0.0.0" : String(host), port)
    }
}
