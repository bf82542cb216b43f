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
        self.withBytes(of: path, limit: limit) { String(decoding: $0, as: UTF8.self) }
    }

    private static func withBytes<Result>(
        of path: String, limit: Int = 4096, _ body: (UnsafeRawBufferPointer.SubSequence) -> Result?
    ) -> Result? {
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
            return body(UnsafeRawBufferPointer(buffer)[..<count])
        }
    }

    /// The number in a file that has nothing else.
    static func number(in path: String) -> Int? {
        guard let text = self.read(path) else { return nil }
        return text.split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) }
    }

    /// The number behind a word at the beginning of a line, as in `oom_kill 3` and `VmHWM:     9216 kB`.
    ///
    /// Looks at bytes: of a status file of fifty lines, strings and characters would be most of what a look costs.
    ///
    /// - Parameters:
    ///   - name: The word, with the colon where there is one.
    ///   - path: The file; its first 4096 bytes are looked at.
    static func number(named name: StaticString, in path: String) -> Int? {
        self.withBytes(of: path) { bytes in
            var rest = bytes
            while !rest.isEmpty {
                let line = rest.prefix { $0 != UInt8(ascii: "\n") }
                if let number = self.number(behind: name, in: line) { return number }
                rest = rest.dropFirst(line.count + 1)
            }
            return nil
        }
    }

    private static func number(behind name: StaticString, in line: UnsafeRawBufferPointer.SubSequence) -> Int? {
        guard line.starts(with: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)) else {
            return nil
        }
        let blanks = line.dropFirst(name.utf8CodeUnitCount)
        let digits = blanks.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        guard digits.startIndex > blanks.startIndex else { return nil }
        return Int(String(decoding: digits.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }, as: UTF8.self))
    }
}
