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

    private static func peakByteCount(of process: Int32) -> Int {
        guard let status = Self.read("/proc/\(process)/status"),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
            let kilobytes = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap({ Int($0) })
        else { return 0 }
        return kilobytes * 1024
    }

    private static func children(of process: Int32) -> [Int32] {
        // Of its first thread; a child that another thread has started is missed, which costs too much to avoid.
        guard let list = Self.read("/proc/\(process)/task/\(process)/children") else { return [] }
        return list.split(separator: " ").compactMap { Int32($0) }
    }

    /// The first 4 KiB of a file of /proc.
    private static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            guard count > 0 else { return nil }
            return String(decoding: buffer[..<count], as: UTF8.self)
        }
    }
}
