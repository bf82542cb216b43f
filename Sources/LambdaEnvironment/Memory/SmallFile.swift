internal import Glibc

/// Files that the kernel makes up as they are read: in /proc and in control groups.
enum SmallFile {
    /// A file's text.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - limit: Bytes to read at most; what comes after them is left out.
    /// - Returns: `nil` where it cannot be read.
    static func read(_ path: String, limit: Int = 4096) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return withUnsafeTemporaryAllocation(byteCount: limit, alignment: 1) { buffer in
            var count = 0
            while count < limit, let base = buffer.baseAddress {
                let read = Glibc.read(descriptor, base + count, limit - count)
                guard read >= 0 else { return nil }
                guard read > 0 else { break }
                count += read
            }
            return String(decoding: buffer[..<count], as: UTF8.self)
        }
    }

    /// The number in a file that has nothing else.
    static func number(in path: String) -> Int? {
        guard let text = self.read(path) else { return nil }
        return text.split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) }
    }

    /// The number behind a word at the beginning of a line.
    static func number(named name: String, in path: String) -> Int? {
        guard let text = self.read(path) else { return nil }
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == name { return Int(words[1]) }
        }
        return nil
    }
}
