import Glibc

/// Standard error, a line at a time.
package enum StandardError {
    /// Writes a line; the line break is added.
    package static func write(_ line: String) {
        var bytes = Array(line.utf8)
        bytes.append(UInt8(ascii: "\n"))
        _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
