import Glibc

/// Each connection is a file descriptor, of which a process is allowed 1024 unless it asks for more.
enum FileDescriptors {
    /// Raises the limit to what the system allows without privileges.
    static func raiseLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
