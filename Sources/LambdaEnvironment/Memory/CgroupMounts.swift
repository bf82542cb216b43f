/// Where this host shows its control groups.
struct CgroupMounts: Equatable {
    /// One hierarchy.
    struct Mount: Equatable {
        /// The group that is shown at `folder`: inside of a container its own, or `/`.
        let root: String
        let folder: String

        /// Where a group is shown; `nil` for one outside of what is shown.
        func folder(of group: Substring) -> String? {
            guard group.hasPrefix("/"), !group.hasPrefix("/..") else { return nil }
            if self.root == "/" { return group == "/" ? self.folder : self.folder + group }
            guard group == self.root || group.hasPrefix(self.root + "/") else { return nil }
            return self.folder + group.dropFirst(self.root.utf8.count)
        }
    }

    /// Version 1's hierarchy of the memory controller.
    var memory: Mount?
    /// Version 2's one hierarchy.
    var unified: Mount?

    /// Those of this process, read once: they do not change while a container runs.
    static let current = CgroupMounts(
        mountInfo: SmallFile.read("/proc/self/mountinfo", limit: 262_144) ?? "")

    /// - Parameter mountInfo: The text of /proc/self/mountinfo (proc_pid_mountinfo(5)).
    init(mountInfo: String) {
        for line in mountInfo.split(separator: "\n") {
            // id parent device root folder options [fields] - type source options
            let words = line.split(separator: " ")
            guard words.count > 6, let end = words[6...].firstIndex(of: "-"), words.count > end + 3 else { continue }
            let mount = Mount(root: String(words[3]), folder: String(words[4]))
            switch words[end + 1] {
            case "cgroup2": self.unified = self.unified ?? mount
            case "cgroup" where words[end + 3].split(separator: ",").contains("memory"):
                self.memory = self.memory ?? mount
            default: break
            }
        }
    }
}
