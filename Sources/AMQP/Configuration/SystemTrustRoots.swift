#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Where Linux distributions keep the certificate authorities.
enum SystemTrustRoots: Equatable {
    /// One PEM file.
    case file(String)
    /// A directory of files named after their subject's hash, which NIOSSL's default looks into.
    case directory(String)

    /// The bundles, the most common first.
    ///
    /// NIOSSL's own list has the first two only; Amazon Linux 2023 and openSUSE have others, and the daemon is mounted
    /// into such images.
    static let bundlePaths = [
        "/etc/ssl/certs/ca-certificates.crt",  // Debian, Ubuntu, Alpine, Arch
        "/etc/pki/tls/certs/ca-bundle.crt",  // Fedora, RHEL, Amazon Linux 2
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // RHEL 7 and later, Amazon Linux 2023
        "/etc/ssl/ca-bundle.pem",  // openSUSE
        "/etc/ssl/cert.pem",  // Alpine without the package
    ]
    static let directoryPaths = ["/etc/ssl/certs"]

    /// The first of them that exists and holds something; nil in an image without any.
    static func find(bundles: [String] = bundlePaths, directories: [String] = directoryPaths) -> SystemTrustRoots? {
        if let path = bundles.first(where: Self.isReadableFile) { return .file(path) }
        if let path = directories.first(where: Self.holdsHashedNames) { return .directory(path) }
        return nil
    }

    private static func isReadableFile(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && status.st_size > 0
            && access(path, R_OK) == 0
    }

    /// OpenSSL finds an authority in a directory by names such as `5ed36f99.0`.
    private static func holdsHashedNames(_ path: String) -> Bool {
        guard let directory = opendir(path) else { return false }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let isHashed = withUnsafeBytes(of: &entry.pointee.d_name) { name in
                name.prefix(8).allSatisfy { isxdigit(Int32($0)) != 0 } && name[8] == UInt8(ascii: ".")
            }
            if isHashed { return true }
        }
        return false
    }
}
