import Glibc
@_spi(CustomByteBufferAllocator) import NIOCore

/// Memory behind whose last byte nothing may be read.
///
/// Address Sanitizer watches code that was compiled for it, and librabbitmq is the system's: the processor watches that.
enum GuardedMemory {
    private static let pageByteCount = 4096
    /// Pages for the bytes; one more follows that nobody may touch.
    private static let pageCount = 4

    /// A copy that ends where its memory does; one that would not fit stays where it is.
    static func copy(_ bytes: ByteBuffer) -> ByteBuffer {
        let room = self.pageCount * self.pageByteCount
        guard bytes.readableBytes <= room, let start = self.map() else { return bytes }
        let memory = UnsafeMutableRawBufferPointer(start: start, count: room)
        let offset = room - bytes.readableBytes
        bytes.withUnsafeReadableBytes { UnsafeMutableRawBufferPointer(rebasing: memory[offset...]).copyMemory(from: $0) }
        return ByteBuffer(takingOwnershipOf: memory, allocator: self.allocator, readerIndex: offset)
    }

    /// Only for these copies: nobody appends to them.
    private static let allocator = ByteBufferAllocator(
        allocate: { _ in nil }, reallocate: { _, _, _ in nil },
        deallocate: { munmap($0, (GuardedMemory.pageCount + 1) * GuardedMemory.pageByteCount) },
        copy: { $0.copyMemory(from: $1, byteCount: $2) })

    private static func map() -> UnsafeMutableRawPointer? {
        let byteCount = (self.pageCount + 1) * self.pageByteCount
        let memory = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else { return nil }
        guard mprotect(memory + self.pageCount * self.pageByteCount, self.pageByteCount, PROT_NONE) == 0 else {
            munmap(memory, byteCount)
            return nil
        }
        return memory
    }
}
