/// The control group that a process's memory is counted in, of version 1 or 2 (cgroups(7)).
struct MemoryCgroup: Equatable {
    enum Version: Equatable {
        case v1
        case v2
    }

    let version: Version
    /// Where the kernel shows the group.
    let folder: String

    /// The group of a process that exists.
    ///
    /// - Parameters:
    ///   - process: A process id, or `self`.
    ///   - mounts: Where the groups of this host are shown.
    ///   - processFolder: `/proc`, or what stands for it in a test.
    /// - Returns: `nil` where the process is gone, or its group is not to be seen from here.
    static func of(process: String, mounts: CgroupMounts, processFolder: String = "/proc") -> MemoryCgroup? {
        guard let text = SmallFile.read("\(processFolder)/\(process)/cgroup") else { return nil }
        var unified: Substring?
        for line in text.split(separator: "\n") {
            // hierarchy:controllers:path, where a path may have colons.
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            // Where version 1 counts memory, version 2 cannot.
            if parts[1].split(separator: ",").contains("memory") {
                return mounts.memory?.folder(of: parts[2]).map { MemoryCgroup(version: .v1, folder: $0) }
            }
            if parts[0] == "0", parts[1].isEmpty { unified = parts[2] }
        }
        return unified.flatMap { mounts.unified?.folder(of: $0) }.map { MemoryCgroup(version: .v2, folder: $0) }
    }

    /// The most that the group has ever held, in bytes; `nil` where the kernel does not say (version 2 before 5.19).
    var peakByteCount: Int? {
        switch self.version {
        case .v1: SmallFile.number(in: self.folder + "/memory.max_usage_in_bytes")
        case .v2: SmallFile.number(in: self.folder + "/memory.peak")
        }
    }

    /// How many processes of the group the kernel has killed for want of memory; `nil` where it does not say.
    var oomKillCount: Int? {
        switch self.version {
        case .v1:
            // Kernels before 4.13 count the times only at which the limit was met.
            SmallFile.number(named: "oom_kill", in: self.folder + "/memory.oom_control")
                ?? SmallFile.number(in: self.folder + "/memory.failcnt")
        case .v2: SmallFile.number(named: "oom_kill", in: self.folder + "/memory.events")
        }
    }
}
