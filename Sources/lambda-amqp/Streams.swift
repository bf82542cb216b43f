import Glibc
import NIOCore

/// Reads a whole file or pipe.
enum Input {
    static func readAll(_ descriptor: Int32) -> [UInt8] {
        var result: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return result }
            result.append(contentsOf: chunk[..<count])
        }
    }
}

/// Writes to standard output and standard error, bytes as they are.
enum Output {
    static func standardError(_ line: String) {
        self.line(ByteBuffer(string: line), to: STDERR_FILENO)
    }

    /// The bytes, and a line feed where they do not end in one.
    static func line(_ bytes: ByteBuffer, to descriptor: Int32) {
        var bytes = bytes
        if bytes.readableBytesView.last != UInt8(ascii: "\n") { bytes.writeInteger(UInt8(ascii: "\n")) }
        self.write(bytes, to: descriptor)
    }

    static func write(_ bytes: ByteBuffer, to descriptor: Int32) {
        bytes.withUnsafeReadableBytes { buffer in
            var offset = 0
            while offset < buffer.count {
                let count = Glibc.write(descriptor, buffer.baseAddress.map { $0 + offset }, buffer.count - offset)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return }
                offset += count
            }
        }
    }
}
