internal import CLinux
internal import Glibc

/// Starting a program with Linux's own means; see ``RuntimeProcess`` for why.
enum Spawn {
    /// Starts `command` on the calling thread, whose end kills it.
    static func run(_ command: RuntimeProcess.Command) -> Result<pid_t, ProcessStartFailure> {
        guard let program = command.arguments.first, !program.isEmpty else {
            return .failure(
                .init(errorType: "Runtime.InvalidEntrypoint", reason: "fork/exec : no command is configured"))
        }
        guard let path = Self.resolve(program, environment: command.environment) else {
            return .failure(
                .init(
                    errorType: "Runtime.InvalidEntrypoint",
                    reason: "exec: \"\(program)\": executable file not found in $PATH"))
        }
        var processID: pid_t = 0
        var step = CLINUX_SPAWN_OK
        let error = Self.withCStrings(command.arguments) { arguments in
            Self.withCStrings(command.environment) { environment in
                clinux_spawn(
                    path, arguments, environment, command.workingDirectory, command.output?.number ?? -1, &processID,
                    &step)
            }
        }
        guard error != 0 else { return .success(processID) }
        return .failure(Self.failure(step, error: error, path: path, directory: command.workingDirectory))
    }

    private static func failure(
        _ step: clinux_spawn_step, error: Int32, path: String, directory: String?
    ) -> ProcessStartFailure {
        switch step {
        case CLINUX_SPAWN_CHDIR:
            .init(
                errorType: "Runtime.InvalidWorkingDir",
                reason: "chdir \(directory ?? ""): \(ProcessStartFailure.text(ofErrno: error))")
        case CLINUX_SPAWN_EXEC:
            .init(
                errorType: "Runtime.InvalidEntrypoint",
                reason: "fork/exec \(path): \(ProcessStartFailure.text(ofErrno: error))")
        default:
            .forkFailed(path: path, error: error)
        }
    }

    /// The file to execute: `program` itself where it has a slash, else the first match in the `PATH` that the program
    /// is going to have.
    private static func resolve(_ program: String, environment: [String]) -> String? {
        if program.utf8.contains(UInt8(ascii: "/")) { return program }
        let path = environment.last { $0.hasPrefix("PATH=") }?.dropFirst(5) ?? "/usr/local/bin:/usr/bin:/bin"
        for directory in path.split(separator: ":") {
            let candidate = directory + "/" + program
            if access(String(candidate), X_OK) == 0 { return String(candidate) }
        }
        return nil
    }

    private static func withCStrings<Result>(
        _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers = strings.map { strdup($0) }
        pointers.append(nil)
        defer { pointers.forEach { free($0) } }
        return pointers.withUnsafeBufferPointer { buffer in
            // The array has at least its closing null.
            buffer.baseAddress.map(body) ?? withUnsafePointer(to: nil) { body($0) }
        }
    }
}

extension ProcessStartFailure {
    /// The host could not make a process; nothing is wrong with the function.
    static func forkFailed(path: String, error: Int32) -> Self {
        Self(errorType: "Sandbox.Failure", reason: "fork/exec \(path): \(self.text(ofErrno: error))")
    }

    /// The error's text as Go words it: glibc's, in lower case at the start.
    static func text(ofErrno error: Int32) -> String {
        let text = String(cString: strerror(error))
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}
