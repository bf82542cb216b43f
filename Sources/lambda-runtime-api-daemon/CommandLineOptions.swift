import LambdaProgram

/// The command line: that of aws-lambda-rie (contract 9.5), with `--help` and `--version`.
///
/// Options stand before the command; the first word that is no option begins it.
struct CommandLineOptions: Equatable {
    var logLevel: String?
    /// `host:port` of the Invoke API.
    var invokeAPIAddress: String?
    /// `host:port` of the Runtime API.
    var runtimeAPIAddress: String?
    /// Initialise the runtime at start, not at the first invocation.
    var startsAtOnce = false
    var wantsHelp = false
    var wantsVersion = false
    /// To ask a daemon that runs, not to be one.
    var asksReadiness = false
    /// The runtime's command; empty where the image's bootstrap is to be used.
    var command: [String] = []

    /// - Parameter arguments: Without the program's name.
    init(_ arguments: [String]) throws(SettingError) {
        var rest = arguments[...]
        while let argument = rest.first, argument.hasPrefix("--") {
            rest.removeFirst()
            if argument == "--" { break }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            switch parts[0] {
            case "--help": self.wantsHelp = true
            case "--version": self.wantsVersion = true
            case "--ready": self.asksReadiness = true
            case "--enable-init-caching": self.startsAtOnce = true
            case "--log-level": self.logLevel = try Self.value(of: parts, &rest)
            case "--runtime-interface-emulator-address": self.invokeAPIAddress = try Self.value(of: parts, &rest)
            case "--runtime-api-address": self.runtimeAPIAddress = try Self.value(of: parts, &rest)
            default: throw SettingError(parts[0], "no such option; see --help")
            }
        }
        self.command = Array(rest)
    }

    private static func value(of parts: [String], _ rest: inout ArraySlice<String>) throws(SettingError) -> String {
        if parts.count == 2 { return parts[1] }
        guard let value = rest.popFirst() else { throw SettingError(parts[0], "a value is missing") }
        return value
    }

    static let help = """
        Usage: lambda-runtime-api-daemon [OPTIONS] [COMMAND [ARGUMENT...]]

        Runs a Lambda function outside of AWS. COMMAND starts the function's runtime, for example
        `python3 -m awslambdaric echo.handler`; without it, the image's bootstrap is started.
        Invocations come over HTTP, and from RabbitMQ where AMQP_URI is set.

        Options (those of aws-lambda-rie):
          --log-level LEVEL                               trace, debug, info, warn, error (LOG_LEVEL)
          --runtime-interface-emulator-address HOST:PORT  where the Invoke API listens
          --runtime-api-address HOST:PORT                 where the Runtime API listens
          --enable-init-caching                           start the runtime now, not at the first invocation
          --ready                                         ask the daemon that runs here with these settings whether it
                                                          serves its function: exit 0, or 1
          --help, --version

        Environment variables, with their defaults:
        \(SettingTable.text)
        """
}
