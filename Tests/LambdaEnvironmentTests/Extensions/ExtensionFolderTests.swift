import Glibc
import LambdaEnvironment
import Testing

@Suite struct ExtensionFolderTests {
    /// Calls `body` with a new folder, which goes afterwards with the files named.
    func withFolder(_ files: [String], _ body: (String) throws -> Void) throws {
        let folder = "/tmp/extension-folder-tests-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        try #require(mkdir(folder, 0o755) == 0)
        for file in files { close(open("\(folder)/\(file)", O_CREAT | O_WRONLY, 0o644)) }
        defer {
            for file in files { unlink("\(folder)/\(file)") }
            rmdir(folder)
        }
        try body(folder)
    }

    @Test func filesAreListedInOrderAndFoldersAreNot() throws {
        try self.withFolder(["b", "a-2", "a"]) { folder in
            try #require(mkdir("\(folder)/c", 0o755) == 0)
            try #require(symlink("a", "\(folder)/d") == 0)
            defer {
                rmdir("\(folder)/c")
                unlink("\(folder)/d")
            }
            #expect(try ExtensionFolder.list(folder).get() == ["a", "a-2", "b", "d"])
        }
    }

    @Test func aFolderThatIsNotThereHasNone() throws {
        #expect(try ExtensionFolder.list("/nowhere/extensions").get() == [])
    }

    @Test func aFolderThatCannotBeReadIsAnError() throws {
        try self.withFolder(["a"]) { folder in
            #expect(ExtensionFolder.list(folder + "/a") == .failure(.init(errorNumber: ENOTDIR)))
        }
    }

    @Test(arguments: [
        ("/opt/extensions", "/opt/disable-extensions-jwigqn8j"),
        ("/opt/extensions//", "/opt/disable-extensions-jwigqn8j"),
        ("/extensions", "/disable-extensions-jwigqn8j"), ("extensions", "./disable-extensions-jwigqn8j"),
    ])
    func theKillSwitchLiesBesideTheFolder(_ folder: String, _ path: String) {
        #expect(ExtensionFolder.killSwitchPath(for: folder) == path)
    }
}
