import Foundation
@testable import LambdaEnvironment
import Testing

/// Files as the kernel shows them, in a folder of the test.
private final class HostFiles {
    let folder = FileManager.default.temporaryDirectory.path + "/host-" + UUID().uuidString

    deinit { try? FileManager.default.removeItem(atPath: self.folder) }

    func write(_ text: String, to path: String) throws {
        let file = URL(fileURLWithPath: self.folder + "/" + path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: file, atomically: false, encoding: .utf8)
    }

    var processFolder: String { self.folder + "/proc" }
    var unified: CgroupMounts {
        CgroupMounts(mountInfo: "29 22 0:26 / \(self.folder)/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate")
    }
    var version1: CgroupMounts {
        CgroupMounts(mountInfo: "35 31 0:32 / \(self.folder)/memory rw,relatime - cgroup cgroup rw,memory")
    }
}

@Suite struct MemoryCgroupTests {
    private let files = HostFiles()

    // MARK: Where the groups are

    @Test func mountsAreFoundByTheirTypeAndController() {
        let mounts = CgroupMounts(
            mountInfo: """
                31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
                34 31 0:31 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset
                35 31 0:32 /docker/ab /sys/fs/cgroup/memory rw,relatime shared:9 master:3 - cgroup cgroup rw,memory
                41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
                """)
        #expect(mounts.memory == .init(root: "/docker/ab", folder: "/sys/fs/cgroup/memory"))
        #expect(mounts.unified == .init(root: "/", folder: "/sys/fs/cgroup/unified"))
    }

    @Test func aTextThatIsNoMountTableHasNoMounts() {
        for text in ["", "\n\n", "a b c", "1 2 3 4 5 6 7 8 9", "35 31 0:32 / /memory rw -", "1 2 3 4 5 6 - cgroup x"] {
            #expect(CgroupMounts(mountInfo: text).memory == nil)
            #expect(CgroupMounts(mountInfo: text).unified == nil)
        }
    }

    @Test func aGroupIsShownBelowTheRootOfItsMount() {
        let host = CgroupMounts.Mount(root: "/", folder: "/sys/fs/cgroup")
        #expect(host.folder(of: "/") == "/sys/fs/cgroup")
        #expect(host.folder(of: "/a/b") == "/sys/fs/cgroup/a/b")
        #expect(host.folder(of: "/../b") == nil)
        let container = CgroupMounts.Mount(root: "/docker/ab", folder: "/sys/fs/cgroup/memory")
        #expect(container.folder(of: "/docker/ab") == "/sys/fs/cgroup/memory")
        #expect(container.folder(of: "/docker/ab/c") == "/sys/fs/cgroup/memory/c")
        #expect(container.folder(of: "/docker/abc") == nil)
    }

    @Test func whereVersion1CountsMemoryItsGroupIsTaken() throws {
        try self.files.write("9:name=systemd:/\n4:cpu,memory:/one:two\n0::/three\n", to: "proc/7/cgroup")
        var mounts = self.files.version1
        mounts.unified = self.files.unified.unified
        let group = MemoryCgroup.of(process: "7", mounts: mounts, processFolder: self.files.processFolder)
        #expect(group == MemoryCgroup(version: .v1, folder: self.files.folder + "/memory/one:two"))
    }

    @Test func otherwiseTheOneOfVersion2Is() throws {
        try self.files.write("0::/three\n", to: "proc/7/cgroup")
        let group = MemoryCgroup.of(
            process: "7", mounts: self.files.unified, processFolder: self.files.processFolder)
        #expect(group == MemoryCgroup(version: .v2, folder: self.files.folder + "/cgroup/three"))
        #expect(MemoryCgroup.of(process: "8", mounts: self.files.unified, processFolder: self.files.processFolder) == nil)
    }

    // MARK: What they tell

    @Test func version2TellsPeakAndKills() throws {
        let group = MemoryCgroup(version: .v2, folder: self.files.folder)
        #expect(group.peakByteCount == nil)
        #expect(group.oomKillCount == nil)
        try self.files.write("73400320\n", to: "memory.peak")
        try self.files.write("low 0\nhigh 0\nmax 12\noom 4\noom_kill 3\noom_group_kill 0\n", to: "memory.events")
        #expect(group.peakByteCount == 73_400_320)
        #expect(group.oomKillCount == 3)
    }

    @Test func version1TellsPeakAndKills() throws {
        let group = MemoryCgroup(version: .v1, folder: self.files.folder)
        try self.files.write("67108864\n", to: "memory.max_usage_in_bytes")
        try self.files.write("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n", to: "memory.oom_control")
        try self.files.write("99\n", to: "memory.failcnt")
        #expect(group.peakByteCount == 67_108_864)
        #expect(group.oomKillCount == 2)
        try self.files.write("oom_kill_disable 0\nunder_oom 0\n", to: "memory.oom_control")
        #expect(group.oomKillCount == 99)
    }

    // MARK: One runtime

    private func runtime(daemon: String = "/daemon") throws -> RuntimeMemory {
        try self.files.write("0::\(daemon)\n", to: "proc/self/cgroup")
        try self.files.write("0::/daemon\n", to: "proc/7/cgroup")
        try self.kills(5, in: "daemon")
        try self.kills(1, in: "own")
        return RuntimeMemory(mounts: self.files.unified, processFolder: self.files.processFolder)
    }

    private func kills(_ count: Int, in group: String) throws {
        try self.files.write("oom_kill \(count)\n", to: "cgroup/\(group)/memory.events")
    }

    @Test func killsBeforeItsTimeAreNoneOfItsOwn() throws {
        var memory = try self.runtime()
        #expect(!memory.hasRunOut)
        memory.processStarted(7)
        #expect(!memory.hasRunOut)
        try self.kills(6, in: "daemon")
        #expect(memory.hasRunOut)
        memory.processStarted(7)
        #expect(!memory.hasRunOut)
    }

    @Test func aRuntimeThatHasMovedIsFollowed() throws {
        var memory = try self.runtime()
        memory.processStarted(7)
        try self.files.write("0::/own\n", to: "proc/7/cgroup")
        memory.look()
        #expect(!memory.hasRunOut)
        try self.kills(6, in: "daemon")
        #expect(!memory.hasRunOut)
        try self.kills(2, in: "own")
        #expect(memory.hasRunOut)
        // Looking again, before its end or after it, changes nothing.
        memory.look()
        try FileManager.default.removeItem(atPath: self.files.processFolder + "/7")
        memory.look()
        #expect(memory.hasRunOut)
    }

    @Test func thePeakCountsWhereTheDaemonIsInAnotherGroup() throws {
        var memory = try self.runtime()
        try self.files.write("1000\n", to: "cgroup/daemon/memory.peak")
        try self.files.write("2000\n", to: "cgroup/own/memory.peak")
        memory.processStarted(7)
        #expect(memory.peakByteCount == nil)
        try self.files.write("0::/own\n", to: "proc/7/cgroup")
        memory.look()
        #expect(memory.peakByteCount == 2000)
    }
}
