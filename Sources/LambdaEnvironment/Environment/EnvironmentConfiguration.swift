package import LambdaProtocol
package import NIOCore

/// How an execution environment runs its function.
package struct EnvironmentConfiguration: Sendable {
    package var function: FunctionDescription
    /// The function's time-out.
    ///
    /// Default 3 s, as on AWS.
    package var invocationTimeout: TimeAmount
    /// The limit of an init that no invocation waits in.
    ///
    /// Default 10 s, as on AWS.
    package var initTimeout: TimeAmount
    /// The runtime's program and arguments.
    package var command: [String]
    /// Where the runtime starts; `nil`: where the daemon did.
    package var workingDirectory: String?
    package var variables: RuntimeEnvironmentVariables
    /// Where the external extensions are; `nil`: there are no extensions at all, internal ones neither.
    ///
    /// Default `/opt/extensions`, as on AWS.
    package var extensionFolder: String?
    /// Told to extensions that ask for it.
    ///
    /// Default none: they are told nothing.
    package var accountID: String
    /// An IPv4 literal.
    ///
    /// Default 127.0.0.1.
    package var runtimeAPIHost: String
    /// The port of the first environment's listener; the others take any.
    ///
    /// Default 9001.
    package var runtimeAPIPort: Int
    /// How many invocations a runtime may have at a time: how many `next`s it keeps open.
    package var maxInvocations = 1
    /// How large a response may be; AWS's limits by default.
    package var limits = LambdaLimits()
    /// What becomes of what the processes print, and of the platform's own lines.
    package var logs: LogConfiguration

    package init(
        function: FunctionDescription, invocationTimeout: TimeAmount = .seconds(3),
        initTimeout: TimeAmount = .seconds(10), command: [String], workingDirectory: String? = nil,
        variables: RuntimeEnvironmentVariables, extensionFolder: String? = ExtensionFolder.standardPath,
        accountID: String = "", runtimeAPIHost: String = "127.0.0.1", runtimeAPIPort: Int = 9001,
        logs: LogConfiguration = LogConfiguration()
    ) {
        self.function = function
        self.invocationTimeout = invocationTimeout
        self.initTimeout = initTimeout
        self.command = command
        self.workingDirectory = workingDirectory
        self.variables = variables
        self.extensionFolder = extensionFolder
        self.accountID = accountID
        self.runtimeAPIHost = runtimeAPIHost
        self.runtimeAPIPort = runtimeAPIPort
        self.logs = logs
    }
}
