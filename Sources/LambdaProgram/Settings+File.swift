package import NIOCore

extension Settings {
    /// The content of the file that a setting names, of 1 MiB at most; `nil` where it is not set. Blocks.
    package func file(_ name: String) throws(SettingError) -> ByteBuffer? {
        guard let path = self.text(name) else { return nil }
        return ByteBuffer(bytes: try SmallFile.read(path, for: name, limit: 1 << 20))
    }
}
