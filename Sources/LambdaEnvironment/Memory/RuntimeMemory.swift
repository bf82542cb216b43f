/// What control groups tell of the memory of one runtime: how much it had at most, and whether it was killed because
/// there was no more.
///
/// The group's counters only grow, and a container's group has other processes too: what counts is what was added since
/// the runtime is in it. Where several runtimes share a group, another one's end may be taken for this one's.
struct RuntimeMemory {
    private let mounts: CgroupMounts
    private let processFolder: String
    private let daemonsGroup: MemoryCgroup?
    private var processID: Int32?
    private var group: MemoryCgroup?
    private var oomKillCount = 0

    /// - Parameters:
    ///   - mounts: Where the groups are shown.
    ///   - processFolder: `/proc`, or what stands for it in a test.
    init(mounts: CgroupMounts = .current, processFolder: String = "/proc") {
        self.mounts = mounts
        self.processFolder = processFolder
        self.daemonsGroup = MemoryCgroup.of(process: "self", mounts: mounts, processFolder: processFolder)
    }

    /// The runtime's process has started.
    mutating func processStarted(_ processID: Int32) {
        self.processID = processID
        self.group = nil
        self.look()
    }

    /// Looks again in which group the process is: its command may have put it into another.
    mutating func look() {
        guard let processID = self.processID,
            let group = MemoryCgroup.of(
                process: String(processID), mounts: self.mounts, processFolder: self.processFolder),
            group != self.group
        else { return }
        self.group = group
        self.oomKillCount = group.oomKillCount ?? 0
    }

    /// The most that the runtime's group has held, in bytes; `nil` where that says nothing of this runtime, since the
    /// daemon is in the same group.
    var peakByteCount: Int? {
        guard let group = self.group, group != self.daemonsGroup else { return nil }
        return group.peakByteCount
    }

    /// Whether the kernel has killed for want of memory since the runtime is in its group.
    var hasRunOut: Bool { (self.group?.oomKillCount ?? 0) > self.oomKillCount }
}
