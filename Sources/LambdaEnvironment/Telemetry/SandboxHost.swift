internal import Glibc

/// The name under which extensions listen for telemetry (contract 8.1).
///
/// Deliveries never look it up, but some extensions bind to it.
package enum SandboxHost {
    private static let names = "sandbox.localdomain sandbox"
    private static let maxByteCount = 64 * 1024

    /// Adds the name to a hosts file, where it is not in it and the file may be written.
    ///
    /// To be called in a container of our own only: the file is the container's, and goes with it.
    ///
    /// - Parameter path: `/etc/hosts`.
    /// - Returns: Whether the name is in the file now.
    @discardableResult
    package static func register(in path: String = "/etc/hosts") -> Bool {
        let descriptor = open(path, O_RDWR | O_APPEND | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        guard let content = self.content(of: descriptor) else { return false }
        let isThere = content.split(separator: "\n").contains { line in
            line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" }.dropFirst().contains("sandbox.localdomain")
        }
        guard !isThere else { return true }
        let line = (content.isEmpty || content.hasSuffix("\n") ? "" : "\n") + "127.0.0.1\t\(self.names)\n"
        return write(descriptor, line, line.utf8.count) == line.utf8.count
    }

    private static func content(of descriptor: Int32) -> String? {
        var bytes = [UInt8](repeating: 0, count: self.maxByteCount)
        let count = read(descriptor, &bytes, bytes.count)
        guard count >= 0, count < bytes.count else { return nil }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
