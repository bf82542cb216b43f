import AMQP
import CLinux
import Glibc
import LambdaEnvironment
import LambdaProgram
import Logging
import NIOCore
import NIOPosix

func fail(_ message: String, exitCode: Int32) -> Never {
    StandardError.write("lambda-runtime-api-daemon: \(message)")
    exit(exitCode)
}

/// What a container's health check runs: a dry run, which asks for the function and starts nothing.
func answerReadiness(_ options: CommandLineOptions) throws(SettingError) -> Never {
    let (host, port) = try DaemonConfiguration.invokeAPIAddress(options, Settings(Settings.processEnvironment()))
    let check = ReadinessCheck(
        host: host, port: port, method: "POST", path: "/2015-03-31/functions/function/invocations",
        headers: [("X-Amz-Invocation-Type", "DryRun")])
    if let trouble = check.run() { fail(trouble, exitCode: 1) }
    exit(0)
}

func configuration() -> DaemonConfiguration {
    do throws(SettingError) {
        let options = try CommandLineOptions(Array(CommandLine.arguments.dropFirst()))
        if options.wantsHelp {
            print(CommandLineOptions.help)
            exit(0)
        }
        if options.wantsVersion {
            print("lambda-runtime-api-daemon \(ProgramVersion.text)")
            exit(0)
        }
        if options.asksReadiness { try answerReadiness(options) }
        if getenv("KUBERNETES_INIT_CONTAINER") != nil {
            print(try SelfCopy.copy(to: "/tmp", startedAs: CommandLine.arguments.first ?? ""))
            exit(0)
        }
        return try DaemonConfiguration(
            options: options, variables: Settings.processEnvironment(), fileExists: { access($0, F_OK) == 0 },
            isFolder: { access($0 + "/.", X_OK) == 0 })
    } catch {
        fail(error.description, exitCode: SettingError.exitCode)
    }
}

MemoryAllocator.keepMemoryForLargeEvents()
let settings = configuration()
clinux_configure_name_lookup()
signal(SIGPIPE, SIG_IGN)
let stopSignals = StopSignals()

ProcessReaper.start()
// As its first process the container is ours.
if getpid() == 1 { SandboxHost.register() }
let logger = Logger.program("lambda-runtime-api-daemon", level: settings.logLevel, asJSON: settings.logsJSON)
let eventLoop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
let daemon = Daemon(settings, eventLoop: eventLoop, logger: logger)

daemon.start().whenFailure { error in
    let isSetting = (error as? AMQPError)?.code == .invalidConfiguration
    let setting = error is AMQPError ? "AMQP_URI: " : ""
    let message = (error as? AMQPError)?.message ?? "\(error)"
    fail("\(setting)\(message)", exitCode: isSetting ? SettingError.exitCode : 1)
}

_ = stopSignals.wait()
logger.info("Draining; a second signal ends at once")
daemon.drain().whenComplete { _ in exit(0) }
guard let seconds = settings.drainSeconds else { exit(128 + stopSignals.wait()) }
if let signal = stopSignals.wait(seconds: seconds) { exit(128 + signal) }
logger.warning("Not everything has ended within DRAIN_SECONDS; what RabbitMQ was not told of, it gives to others")
exit(1)
