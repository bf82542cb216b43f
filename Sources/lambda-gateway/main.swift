import AMQP
import CLinux
import Glibc
import LambdaGateway
import LambdaMetrics
import LambdaProgram
import Logging
import NIOCore
import NIOPosix
import NIOSSL

func fail(_ message: String, exitCode: Int32) -> Never {
    StandardError.write("lambda-gateway: \(message)")
    exit(exitCode)
}

func configuration() -> ProgramConfiguration {
    do throws(SettingError) {
        let options = try CommandLineOptions(Array(CommandLine.arguments.dropFirst()))
        if options.wantsHelp {
            print(CommandLineOptions.help)
            exit(0)
        }
        if options.wantsVersion {
            print("lambda-gateway \(ProgramVersion.text)")
            exit(0)
        }
        let configuration = try ProgramConfiguration(
            Settings(Settings.processEnvironment()), processorCount: System.coreCount)
        if options.asksReadiness { answerReadiness(configuration) }
        return configuration
    } catch {
        fail(error.description, exitCode: SettingError.exitCode)
    }
}

/// What a container's health check runs: there is no shell beside the gateway in its image.
func answerReadiness(_ settings: ProgramConfiguration) -> Never {
    let check = ReadinessCheck(
        host: settings.gateway.host, port: settings.gateway.port, method: "GET", path: "/ready")
    let usesTLS = settings.gateway.tlsContext != nil
    let trouble = check.run { channel in
        guard usesTLS else { return }
        // It is this host that is asked, under a name that no certificate has: there is nothing to verify.
        var client = TLSConfiguration.makeClientConfiguration()
        client.certificateVerification = .none
        let handler = try NIOSSLClientHandler(context: NIOSSLContext(configuration: client), serverHostname: nil)
        try channel.pipeline.syncOperations.addHandler(handler)
    }
    if let trouble { fail(trouble, exitCode: 1) }
    exit(0)
}

func fail(_ error: AMQPError) -> Never {
    fail("AMQP_URI: \(error.message)", exitCode: error.code == .invalidConfiguration ? SettingError.exitCode : 1)
}

func makeGateway(_ settings: ProgramConfiguration, _ logger: Logger) -> Gateway {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: settings.eventLoopCount)
    do throws(AMQPError) {
        return try Gateway(
            configuration: settings.gateway, eventLoops: Array(group.makeIterator()), logger: logger)
    } catch {
        fail(error)
    }
}

let settings = configuration()
clinux_configure_name_lookup()
signal(SIGPIPE, SIG_IGN)
FileDescriptors.raiseLimit()
let stopSignals = StopSignals(takesHangUp: !settings.files.isEmpty)
let logger = Logger.program("lambda-gateway", level: settings.logLevel, asJSON: settings.logsJSON)
let gateway = makeGateway(settings, logger)

gateway.listen().flatMapErrorThrowing { error in
    throw ListenError(setting: "PORT", host: settings.gateway.host, port: settings.gateway.port, error)
}.flatMap { address -> EventLoopFuture<Void> in
    logger.info(
        "The Invoke API is ready",
        metadata: [
            "address": "\(address.map { "\($0)" } ?? "-")",
            "protocol": settings.gateway.tlsContext == nil ? "http" : "https",
        ])
    if !settings.isLocal, settings.isOpen {
        logger.warning("Whoever reaches this address may invoke every function: there is no authentication")
    }
    return gateway.serveMetrics().flatMapErrorThrowing { error in
        guard let address = settings.gateway.metrics else { throw error }
        throw ListenError(setting: "METRICS_PORT", host: address.host, port: address.port, error)
    }
}.flatMap {
    gateway.connect()
}.whenFailure { error in
    if let error = error as? AMQPError { fail(error) }
    fail("\(error)", exitCode: 1)
}

var reloader = Reloader(files: settings.files, gateway: gateway, logger: logger)
reloader.run(until: stopSignals)
logger.info("Stopping; a second signal ends at once")
gateway.drain().whenComplete { _ in exit(0) }
exit(128 + stopSignals.waitForStop())
