import Foundation
import LambdaEnvironment
import Testing

@Suite struct SandboxHostTests {
    func registered(in content: String) throws -> String {
        let path = NSTemporaryDirectory() + "/hosts-" + UUID().uuidString
        try content.write(toFile: path, atomically: false, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(SandboxHost.register(in: path))
        return try String(contentsOfFile: path, encoding: .utf8)
    }

    @Test(arguments: ["", "127.0.0.1\tlocalhost\n", "127.0.0.1 localhost", "# 127.0.0.1 sandbox.localdomain\n"])
    func theNameIsAdded(_ content: String) throws {
        let separator = content.isEmpty || content.hasSuffix("\n") ? "" : "\n"
        #expect(try self.registered(in: content) == content + separator + "127.0.0.1\tsandbox.localdomain sandbox\n")
    }

    @Test func aNameThatIsThereStays() throws {
        let content = "10.0.0.1 host sandbox.localdomain # ours\n"
        #expect(try self.registered(in: content) == content)
    }

    @Test func whereTheFileCannotBeWrittenNothingHappens() {
        #expect(!SandboxHost.register(in: "/nowhere/hosts"))
    }
}
