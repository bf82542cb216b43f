internal import Glibc
internal import NIOConcurrencyHelpers

/// The children that somebody here waits for, so that ``ProcessReaper`` leaves them alone.
// NIO's lock, not Synchronization's: Thread Sanitizer sees what it orders.
final class ChildRegister: Sendable {
    static let shared = ChildRegister()

    private let children = NIOLockedValueBox(Set<pid_t>())

    /// Makes a child.
    ///
    /// The lock is held until its id is known, or the reaper could meet it before.
    func add(_ spawn: () -> Result<pid_t, ProcessStartFailure>) -> Result<pid_t, ProcessStartFailure> {
        self.children.withLockedValue { children in
            let result = spawn()
            if case .success(let child) = result { children.insert(child) }
            return result
        }
    }

    /// To be called when the child has been reaped.
    func remove(_ child: pid_t) {
        self.children.withLockedValue { _ = $0.remove(child) }
    }

    /// Calls `body` if nobody here waits for `child`.
    ///
    /// - Returns: Whether it did.
    func ifUnknown(_ child: pid_t, _ body: () -> Void) -> Bool {
        self.children.withLockedValue { children in
            guard !children.contains(child) else { return false }
            body()
            return true
        }
    }
}
