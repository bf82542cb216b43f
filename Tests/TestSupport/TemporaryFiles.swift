import Foundation

/// A directory for one test's files; it goes with the object.
package final class TemporaryFiles: Sendable {
    /// Where the files are.
    package let directory: String

    /// Makes an empty directory.
    package init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("amqp-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        self.directory = url.path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: self.directory)
    }

    /// Writes a file and returns its path.
    package func write(_ content: String, to name: String) throws -> String {
        let path = self.directory + "/" + name
        try content.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }
}
