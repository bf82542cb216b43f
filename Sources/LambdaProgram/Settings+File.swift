import Glibc
package import NIOCore

extension Settings {
    /// The content of the file that a setting names; `nil` where it is not set.
    ///
    /// - Parameters:
    ///   - name: The setting.
    ///   - limit: The largest size in bytes; 1 MiB.
    package func file(_ name: String, upTo limit: Int = 1 << 20) throws(SettingError) -> ByteBuffer? {
        guard let path = self.text(name) else { return nil }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SettingError(name, "the file \(path) cannot be read") }
        defer { close(descriptor) }
        var content = ByteBuffer()
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while content.readableBytes <= limit {
            let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 else { throw SettingError(name, "the file \(path) cannot be read") }
            guard count > 0 else { return content }
            content.writeBytes(chunk[..<count])
        }
        throw SettingError(name, "the file \(path) is larger than \(limit) bytes")
    }
}
