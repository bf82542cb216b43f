/// How a process ended.
package enum ProcessExit: Sendable, Equatable {
    case code(Int32)
    case signal(Int32)
    /// By SIGKILL, since there was no memory left.
    case outOfMemory

    /// The reason as Go's `os.ProcessState` words it, which is what AWS shows (contract 10.4).
    package var reason: String {
        switch self {
        case .code(0): "Runtime exited without providing a reason"
        default: "Runtime exited with error: \(self.status)"
        }
    }

    /// `exit status 3` or `signal: killed`.
    package var status: String {
        switch self {
        case .code(let code): "exit status \(code)"
        case .signal(let signal): "signal: \(Self.name(ofSignal: signal))"
        case .outOfMemory: "signal: killed"
        }
    }

    /// Go's table for Linux, `syscall.signals`; numbers above it are words of their own there too.
    private static func name(ofSignal signal: Int32) -> String {
        Self.signalNames.indices.contains(Int(signal)) ? Self.signalNames[Int(signal)] : "signal \(signal)"
    }

    private static let signalNames = [
        "signal 0", "hangup", "interrupt", "quit", "illegal instruction", "trace/breakpoint trap", "aborted",
        "bus error", "floating point exception", "killed", "user defined signal 1", "segmentation fault",
        "user defined signal 2", "broken pipe", "alarm clock", "terminated", "stack fault", "child exited",
        "continued", "stopped (signal)", "stopped", "stopped (tty input)", "stopped (tty output)",
        "urgent I/O condition", "CPU time limit exceeded", "file size limit exceeded", "virtual timer expired",
        "profiling timer expired", "window changed", "I/O possible", "power failure", "bad system call",
    ]
}
