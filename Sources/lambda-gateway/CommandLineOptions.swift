import LambdaProgram

/// The command line. Everything else is an environment variable.
struct CommandLineOptions: Equatable {
    var wantsHelp = false
    var wantsVersion = false
    /// To ask a gateway that runs, not to be one.
    var asksReadiness = false

    /// - Parameter arguments: Without the program's name.
    init(_ arguments: [String]) throws(SettingError) {
        for argument in arguments {
            switch argument {
            case "--help": self.wantsHelp = true
            case "--version": self.wantsVersion = true
            case "--ready": self.asksReadiness = true
            default: throw SettingError(argument, "no such option; see --help")
            }
        }
    }

    static let help = """
        Usage: lambda-gateway

        The Lambda Invoke API over HTTP for every function that RabbitMQ leads to, as boto3, the AWS SDKs and the
        AWS CLI speak it. A function is known by its queue; it needs no registration.
        GET /health says whether the program lives, GET /ready whether invocations can be run.

        Options:
          --ready             ask the gateway that runs here with these settings whether it can invoke: exit 0, or 1
          --help, --version

        Environment variables, with their defaults:
        \(SettingTable.text)
        """
}
