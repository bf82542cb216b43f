import CRabbitMQ
import NIOCore

/// librabbitmq's memory pool, in which the codec puts what it decodes, and we put what it is to encode.
///
/// One for each direction of a connection; recycled after each frame, so that nothing in it outlives one call.
final class RabbitPool {
    private static let pageByteCount = 4096
    /// On the heap, since librabbitmq keeps its address.
    let pointer: UnsafeMutablePointer<amqp_pool_t>

    init() {
        self.pointer = .allocate(capacity: 1)
        init_amqp_pool(self.pointer, Self.pageByteCount)
    }

    deinit {
        empty_amqp_pool(self.pointer)
        self.pointer.deallocate()
    }

    /// Ends the life of everything in the pool.
    func recycle() {
        recycle_amqp_pool(self.pointer)
    }

    /// Memory for `count` values; `nil` when the system has none.
    func allocate<Value>(_ count: Int, of type: Value.Type) -> UnsafeMutablePointer<Value>? {
        guard let raw = amqp_pool_alloc(self.pointer, count * MemoryLayout<Value>.stride) else { return nil }
        return raw.bindMemory(to: type, capacity: count)
    }

    /// A copy of `bytes`. The pointer dies with the next ``recycle()``.
    func bytes(_ bytes: ByteBuffer) throws(AMQPError) -> amqp_bytes_t {
        let count = bytes.readableBytes
        guard count > 0 else { return amqp_bytes_t(len: 0, bytes: nil) }
        guard let copy = amqp_pool_alloc(self.pointer, count) else { throw .outOfMemory() }
        bytes.withUnsafeReadableBytes { source in
            copy.copyMemory(from: UnsafeRawPointer(source.baseAddress ?? UnsafeRawPointer(copy)), byteCount: count)
        }
        return amqp_bytes_t(len: count, bytes: copy)
    }

    /// A copy of a text as long bytes.
    func bytes(_ text: String) throws(AMQPError) -> amqp_bytes_t {
        var text = text
        let count = text.utf8.count
        guard count > 0 else { return amqp_bytes_t(len: 0, bytes: nil) }
        guard let copy = amqp_pool_alloc(self.pointer, count) else { throw .outOfMemory() }
        text.withUTF8 { source in
            if let base = source.baseAddress { copy.copyMemory(from: base, byteCount: count) }
        }
        return amqp_bytes_t(len: count, bytes: copy)
    }

    /// A copy of a text as a short string.
    ///
    /// - Throws: `invalidArgument` over 255 bytes; librabbitmq would cut the length in silence in places.
    func shortString(_ text: String, _ what: StaticString) throws(AMQPError) -> amqp_bytes_t {
        guard text.utf8.count <= 255 else { throw .tooLong(what, byteCount: text.utf8.count) }
        return try self.bytes(text)
    }

    /// A copy of a short string; throws `invalidArgument` over 255 bytes.
    func shortString(_ string: AMQPShortString, _ what: StaticString) throws(AMQPError) -> amqp_bytes_t {
        guard string.byteCount <= 255 else { throw .tooLong(what, byteCount: string.byteCount) }
        return try self.bytes(string.bytes)
    }
}

extension AMQPError {
    static func outOfMemory() -> AMQPError {
        AMQPError(.invalidArgument, "no memory left to encode a frame")
    }

    static func tooLong(_ what: StaticString, byteCount: Int) -> AMQPError {
        AMQPError(.invalidArgument, "\(what) has \(byteCount) bytes; AMQP allows 255")
    }
}
