internal import Glibc

/// The memory of a process and its descendants, as /proc tells it.
enum ProcessMemory {
    /// The sum of the peaks (VmHWM) of a process and of what it has started, in bytes; 0 when nothing can be read.
    static func peakByteCount(ofTreeAt processID: Int32) -> Int {
        var total = 0
        var pending = [processID]
        // A runtime that forks without end must not keep the caller here.
        var remaining = 256
        while let process = pending.popLast(), remaining > 0 {
            remaining -= 1
            total += Self.peakByteCount(of: process)
            pending += Self.children(of: process)
        }
        return total
    }

    /// The most that this process has had, in bytes.
    static var ownPeakByteCount: Int {
        var usage = rusage()
        guard getrusage(.init(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
        return usage.ru_maxrss * 1024
    }

    private static func peakByteCount(of process: Int32) -> Int {
        (SmallFile.number(named: "VmHWM:", in: "/proc/\(process)/status") ?? 0) * 1024
    }

    private static func children(of process: Int32) -> [Int32] {
        // Of its first thread; a child that another thread has started is missed, which costs too much to avoid.
        guard let list = SmallFile.read("/proc/\(process)/task/\(process)/children") else { return [] }
        return list.split(separator: " ").compactMap { Int32($0) }
    }
}
