import CLinux

/// How the daemon's memory is kept.
enum MemoryAllocator {
    /// Has large events use memory that is there already. Call before there is a second thread.
    ///
    /// An event of 6 MB takes two blocks of 8 MiB, for itself and for its reply. As it is made, glibc gives much of
    /// that back to the kernel and gets it again for the next event, page by page: 380 page faults an event, of 3 to
    /// 4 µs each (Benchmarks, "Large events").
    static func keepMemoryForLargeEvents() {
        clinux_configure_malloc(
            // The event loop's thread uses the heap of the process: one of its own could have no more than 64 MiB.
            1,
            // Blocks of this size are the kernel's, as none for an event of 6 MB is so large.
            32 << 20,
            // When more than this lies free at the heap's end, all of that goes back to the kernel, and not what is
            // too much: so it is more than four events and their replies take.
            128 << 20)
    }
}
