import Foundation
import TestSupport

/// A memory control group of one test, of whichever version this host has.
struct MemoryGroup {
    /// Where to write the ids of the processes that are to be in it.
    let folder: String
    private let isUnified: Bool

    private static let folders = (v1: "/sys/fs/cgroup/memory", v2: "/sys/fs/cgroup")

    /// Whether such a group can be made here: by root, where the groups are writable.
    static let canBeMade: Bool = {
        guard let group = try? MemoryGroup(limitInMegabytes: 64) else { return false }
        group.remove()
        return true
    }()

    /// - Parameter limitInMegabytes: What its processes may have; no limit when nil.
    init(limitInMegabytes: Int?) throws {
        self.isUnified = !FileManager.default.fileExists(atPath: Self.folders.v1 + "/memory.limit_in_bytes")
        let parent = self.isUnified ? Self.folders.v2 : Self.folders.v1
        if self.isUnified { try Self.write("+memory", to: parent + "/cgroup.subtree_control") }
        self.folder = parent + "/" + Daemon.uniqueName()
        try FileManager.default.createDirectory(atPath: self.folder, withIntermediateDirectories: false)
        guard let limit = limitInMegabytes else { return }
        do {
            try Self.write(String(limit << 20), to: self.folder + (self.isUnified ? "/memory.max" : "/memory.limit_in_bytes"))
        } catch {
            self.remove()
            throw error
        }
        // Not onto the disk instead, where the host would do that.
        if self.isUnified {
            try? Self.write("0", to: self.folder + "/memory.swap.max")
        } else {
            try? Self.write(String(limit << 20), to: self.folder + "/memory.memsw.limit_in_bytes")
        }
    }

    /// Puts a process into it; what it starts from now on is in it, too.
    func add(_ processID: Int32) throws { try Self.write(String(processID), to: self.folder + "/cgroup.procs") }

    /// The most that it has ever held, in megabytes.
    var peakInMegabytes: Double? {
        let file = self.folder + (self.isUnified ? "/memory.peak" : "/memory.max_usage_in_bytes")
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { return nil }
        return Double(text.trimmingCharacters(in: .whitespacesAndNewlines)).map { $0 / 1_048_576 }
    }

    /// Removes it; its processes have to be gone.
    func remove() { rmdir(self.folder) }

    /// Foundation's own way makes a file beside this one first, which is not possible there.
    private static func write(_ text: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY)
        guard descriptor >= 0 else { throw Program.Failure("\(path): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        guard Foundation.write(descriptor, text, text.utf8.count) == text.utf8.count else {
            throw Program.Failure("\(path): \(String(cString: strerror(errno)))")
        }
    }
}
