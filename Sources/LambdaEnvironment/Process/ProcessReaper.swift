internal import CLinux
internal import Glibc

/// What a container's first process owes the others: orphans that end are reaped.
///
/// A thread of its own looks for ended children without reaping them, and reaps those that nobody here has started.
/// What somebody waits for is left to the one who waits.
package enum ProcessReaper {
    /// Starts reaping, for as long as the process lives.
    ///
    /// - Parameter adoptsOrphans: Become the parent of every orphan below this process, where it is not the first
    ///   process of its namespace anyway.
    /// - Returns: Whether orphans are reaped.
    @discardableResult
    package static func start(adoptsOrphans: Bool = false) -> Bool {
        guard getpid() == 1 || (adoptsOrphans && clinux_set_child_subreaper() == 0) else { return false }
        return DetachedThread.start { while true { self.reapNext() } } == 0
    }

    private static func reapNext() {
        let child = clinux_peek_ended_child(1)
        if child <= 0 {
            // No children at all (-ECHILD), and no call that waits for one to come: look again soon.
            usleep(200_000)
        } else if !ChildRegister.shared.ifUnknown(child, { _ = clinux_reap(child, nil) }) {
            // Its own thread reaps it in a moment; peeking again at once would only spin until then.
            usleep(1000)
        }
    }
}
