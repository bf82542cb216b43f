package import NIOCore

/// Tells one event from another without keeping it: its size, and a hash of its beginning and its end.
///
/// The hash is seeded anew in each process, so that nobody can make two events that look the same.
package struct EventDigest: Hashable, Sendable {
    /// Bytes of each end that count: an event of megabytes is not to hold up the loop.
    private static let sampleByteCount = 64 * 1024

    private let byteCount: Int
    private let hash: Int

    package init(_ event: ByteBuffer) {
        var hasher = Hasher()
        let bytes = event.readableBytesView
        bytes.prefix(Self.sampleByteCount).withUnsafeBytes { hasher.combine(bytes: $0) }
        if bytes.count > Self.sampleByteCount {
            bytes.suffix(Self.sampleByteCount).withUnsafeBytes { hasher.combine(bytes: $0) }
        }
        self.byteCount = bytes.count
        self.hash = hasher.finalize()
    }
}
