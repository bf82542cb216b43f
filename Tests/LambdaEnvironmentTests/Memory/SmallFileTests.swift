import Foundation
@testable import LambdaEnvironment
import Testing

@Suite struct SmallFileTests {
    /// What is found in a file of this text.
    private func number(named name: StaticString, in text: String) throws -> Int? {
        let path = FileManager.default.temporaryDirectory.path + "/small-" + UUID().uuidString
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return SmallFile.number(named: name, in: path)
    }

    @Test func aNumberIsFoundByTheWordBeforeIt() throws {
        let status = "Name:\tsleep\nVmPeak:\t   12000 kB\nVmHWM:\t    9216 kB\nThreads:\t1\n"
        #expect(try self.number(named: "VmHWM:", in: status) == 9216)
        #expect(try self.number(named: "Threads:", in: status) == 1)
        #expect(try self.number(named: "oom_kill", in: "low 0\noom 1\noom_kill 3\noom_group_kill 4") == 3)
    }

    @Test func otherTextsHaveNoNumber() throws {
        for text in ["", "\n", "oom_kill", "oom_kill ", "oom_kill x", "oom_kill9", "x oom_kill 3", "oom_kill_group 3"] {
            #expect(try self.number(named: "oom_kill", in: text) == nil)
        }
        #expect(try self.number(named: "oom_kill", in: "oom_kill 99999999999999999999") == nil)
        #expect(SmallFile.number(named: "oom_kill", in: "/proc/0/none") == nil)
    }

    @Test func thisProcessHasAPeakOfMemory() {
        #expect(ProcessMemory.peakByteCount(ofTreeAt: getpid()) > 1_000_000)
    }
}
