import Glibc

/// A file that a setting names, as a whole.
package enum SmallFile {
    /// Reads it. Blocks.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - setting: The setting that names it.
    ///   - limit: The most bytes that it may have.
    /// - Throws: What is wrong with it, in the name of the setting.
    package static func read(
        _ path: String, for setting: String, limit: Int = 64 * 1024
    ) throws(SettingError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw self.unreadable(path, setting) }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while content.count <= limit {
            let count = Glibc.read(descriptor, &part, part.count)
            guard count >= 0 else { throw self.unreadable(path, setting) }
            guard count > 0 else { return content }
            content += part[..<count]
        }
        throw SettingError(setting, "the file \(path) has more than \(limit) bytes")
    }

    private static func unreadable(_ path: String, _ setting: String) -> SettingError {
        SettingError(setting, "the file \(path) cannot be read: \(String(cString: strerror(errno)))")
    }
}
