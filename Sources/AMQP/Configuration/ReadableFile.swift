#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The check that a file named by a setting is there and may be read, so that the error can say which and why.
enum ReadableFile {
    /// - Throws: ``AMQPError/Code/invalidConfiguration`` with the setting, the path and the system's reason.
    static func require(_ path: String, setting: String) throws(AMQPError) {
        var status = stat()
        guard stat(path, &status) == 0, access(path, R_OK) == 0 else {
            let reason = String(cString: strerror(errno))
            throw AMQPError(.invalidConfiguration, "\(setting): cannot read \(path): \(reason)")
        }
        guard status.st_mode & S_IFMT != S_IFDIR else {
            throw AMQPError(.invalidConfiguration, "\(setting): \(path) is a directory, not a file")
        }
    }
}
