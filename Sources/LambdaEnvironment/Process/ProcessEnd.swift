/// Whether a process is about to be gone, before its parent hears of it.
enum ProcessEnd {
    /// `PF_EXITING` of Linux's `task_struct.flags`: set before a process's descriptors are closed, so that whoever sees
    /// the end of its connections can tell this cause from others.
    private static let exiting = 0x4

    /// - Parameter processID: A child that has not been reaped, or has just been.
    static func isUnderWay(_ processID: Int32) -> Bool {
        guard let text = SmallFile.read("/proc/\(processID)/stat") else { return true }
        return Self.isUnderWay(stat: text)
    }

    /// - Parameter stat: The text of /proc/PID/stat (proc_pid_stat(5)).
    static func isUnderWay(stat: String) -> Bool {
        // The name may have anything in it, parentheses too; behind it: state ppid pgrp session tty tpgid flags.
        guard let name = stat.lastIndex(of: ")") else { return true }
        let fields = stat[stat.index(after: name)...].split(separator: " ")
        guard fields.count > 6, let flags = Int(fields[6]) else { return true }
        return flags & Self.exiting != 0 || fields[0] == "Z" || fields[0] == "X"
    }
}
