import LambdaProgram

/// What starts the runtime, and where (contract 9.5).
struct Bootstrap: Equatable {
    var command: [String]
    var handler: String
    /// `nil`: where the daemon was started.
    var workingDirectory: String?

    /// Where an image without a command has its program, in AWS's order.
    static let paths = ["/var/task/bootstrap", "/opt/bootstrap", "/var/runtime/bootstrap"]

    init(options: CommandLineOptions, settings: Settings, fileExists: (String) -> Bool) throws(SettingError) {
        let named = settings.text("AWS_LAMBDA_FUNCTION_HANDLER") ?? settings.text("_HANDLER")
        if !options.command.isEmpty {
            self.command = options.command
            self.handler = named ?? (options.command.count > 1 ? options.command.last ?? "" : "")
            self.workingDirectory = nil
            return
        }
        guard let path = Self.paths.first(where: fileExists) else {
            throw SettingError(
                "COMMAND", "none was given, and there is none of \(Self.paths.joined(separator: ", ")); see --help")
        }
        self.command = [path]
        self.handler = named ?? ""
        self.workingDirectory = fileExists("/var/task") ? "/var/task" : nil
    }
}
