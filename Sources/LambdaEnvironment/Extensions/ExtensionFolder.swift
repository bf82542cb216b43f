internal import Glibc

/// The folder with the external extensions (contract 7.2).
package enum ExtensionFolder {
    /// Where AWS and images have it.
    package static let standardPath = "/opt/extensions"

    /// The file that, beside the folder, turns all extensions off.
    package static func killSwitchPath(for folder: String) -> String {
        let components = folder.split(separator: "/").dropLast()
        let parent = (folder.hasPrefix("/") ? "/" : "./") + components.map { $0 + "/" }.joined()
        return parent + "disable-extensions-jwigqn8j"
    }

    /// The names of the files directly in a folder, in sorted order; links to files count.
    ///
    /// Whether they can be executed shows when they are started: one that cannot is an error, as on AWS.
    ///
    /// - Parameters:
    ///   - path: The folder; one that does not exist has no extensions.
    ///   - limit: After how many entries of any kind to stop looking.
    /// - Returns: The names, or the error number of a folder that cannot be read.
    package static func list(_ path: String, limit: Int = 1000) -> Result<[String], FolderError> {
        guard let folder = opendir(path) else {
            return errno == ENOENT ? .success([]) : .failure(FolderError(errorNumber: errno))
        }
        defer { closedir(folder) }
        var names: [String] = []
        var count = 0
        while count < limit, let entry = readdir(folder) {
            count += 1
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if self.isFile(path + "/" + name) { names.append(name) }
        }
        return .success(names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }

    private static func isFile(_ path: String) -> Bool {
        var status = stat()
        // A link that leads nowhere is a file, too: that it cannot be started must not go unnoticed.
        guard stat(path, &status) == 0 else { return true }
        return status.st_mode & S_IFMT == S_IFREG
    }

    /// Why a folder cannot be read.
    package struct FolderError: Error, Equatable {
        /// As `errno` has it.
        package let errorNumber: Int32

        package init(errorNumber: Int32) { self.errorNumber = errorNumber }
    }
}
