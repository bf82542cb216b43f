import Glibc
import LambdaProgram

/// Copies this program into a folder, as an init container does for the container that mounts it (the variable
/// KUBERNETES_INIT_CONTAINER, as fadams' daemon has it).
enum SelfCopy {
    private static let chunkByteCount = 1 << 20

    /// Copies under the name that the program was started with. The copy appears whole, or not at all.
    ///
    /// - Parameters:
    ///   - folder: A folder that exists.
    ///   - name: The program's path, of which the last part counts.
    /// - Returns: the path of the copy.
    static func copy(to folder: String, startedAs name: String) throws(SettingError) -> String {
        let target = "\(folder)/\(name.split(separator: "/").last ?? "lambda-runtime-api-daemon")"
        let source = open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
        guard source >= 0 else { throw self.failure("/proc/self/exe cannot be read") }
        defer { close(source) }
        let temporary = "\(target).new"
        let copy = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o755)
        guard copy >= 0 else { throw self.failure("\(temporary) cannot be written") }
        defer { close(copy) }
        // The mode above is what the umask left of it.
        guard self.copyAll(from: source, to: copy), fchmod(copy, 0o755) == 0, fsync(copy) == 0,
            rename(temporary, target) == 0
        else {
            let error = self.failure("\(target) cannot be written")
            unlink(temporary)
            throw error
        }
        return target
    }

    private static func copyAll(from source: Int32, to target: Int32) -> Bool {
        while true {
            let count = sendfile(target, source, nil, self.chunkByteCount)
            if count == 0 { return true }
            guard count > 0 || errno == EINTR else { return false }
        }
    }

    private static func failure(_ what: String) -> SettingError {
        SettingError("KUBERNETES_INIT_CONTAINER", "\(what): \(String(cString: strerror(errno)))")
    }
}
